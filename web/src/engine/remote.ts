import type { Summary, Values, Vector } from "../core/column";
import type { Filters } from "../core/filter";
import { columnsOf, narrows } from "../core/filter";
import type { StoredColumn } from "./column-data";
import { inflate, vectorOf } from "./column-data";
import type {
  Cube,
  CubeQuery,
  Engine,
  FrameInfo,
  NearestQuery,
  Rows,
  RowsQuery,
  Selection,
  Series,
  SeriesQuery,
} from "./engine";
import { measured } from "./measure";
import type { Packed } from "./served";

/** Where an array lies within the blocks of an answer. */
type Placed = Omit<StoredColumn, "name" | "categories" | "valid" | "described"> & {
  readonly block: number;
  readonly valid: { readonly offset: number } | null;
};
type PlacedColumn = Placed & { readonly name: string };

export interface AnswerHeader {
  readonly blocks: readonly { readonly size: number; readonly length: number }[];
  readonly answer: unknown;
}

/** Carries a question to where the rows are, and the packed answer back: over HTTP, or to a notebook's kernel. */
export type Ask = (question: string, query: unknown, signal: AbortSignal) => Promise<Packed<AnswerHeader>>;

type Spoken<T> = { readonly [K in keyof T]: T[K] extends number ? number | null : T[K] };

/**
 * The engine whose rows are elsewhere. It keeps what every answer is read with (a column's summary), and nothing else.
 *
 * A question that a later one makes pointless is given up, there too: its promise then never settles.
 */
export class RemoteEngine implements Engine {
  readonly frame: FrameInfo;
  readonly #ask: Ask;
  readonly #summaries = new Map<string, Promise<Summary>>();
  readonly #waiting = new Map<string, { readonly about: string; readonly abort: AbortController }>();
  readonly #closed = new AbortController();

  constructor(frame: FrameInfo, ask: Ask) {
    this.frame = frame;
    this.#ask = ask;
  }

  /** Gives up all that is still asked. */
  close(): void {
    this.#closed.abort();
  }

  async describe(columns: readonly string[]): Promise<readonly Summary[]> {
    const missing = columns.filter((name) => !this.#summaries.has(name));
    if (missing.length) {
      const all = this.#put("describe", { columns: missing }).then((answer) =>
        (answer.content as Spoken<Summary>[]).map(
          (each) =>
            ({
              ...each,
              min: each.min ?? NaN,
              max: each.max ?? NaN,
              minPositive: each.minPositive ?? NaN,
            }) as Summary,
        ),
      );
      missing.forEach((name, i) =>
        this.#summaries.set(
          name,
          all.then((summaries) => summaries[i]!),
        ),
      );
    }
    return Promise.all(columns.map((name) => this.#summaries.get(name)!));
  }

  async percentiles(column: string): Promise<Float64Array> {
    const answer = await this.#put("percentiles", { columns: [column] });
    return answer.array(answer.content as Placed) as Float64Array;
  }

  async select(filters: Filters): Promise<Selection> {
    return measured("select", async () => {
      const answer = await this.#put("select", filters, brushing(filters));
      const { count, bits } = answer.content as { count: number; bits: Placed };
      return { count, bits: answer.array(bits) as Uint8Array };
    });
  }

  async cube(query: CubeQuery): Promise<Cube> {
    return measured(query.active ? "cube" : "histogram", async () => {
      const supersedes = query.active
        ? (["active", JSON.stringify(spoken([query.active.axis, query.filters]))] as const)
        : query.filters && brushing(query.filters);
      const answer = await this.#put("cube", query, supersedes);
      const { counts, colours, ...rest } = answer.content as Omit<Cube, "counts" | "colours"> & {
        counts: Placed[];
        colours: Placed[];
      };
      return {
        ...rest,
        counts: counts.map((each) => answer.array(each) as Uint32Array),
        colours: colours.map((each) => answer.array(each) as Float32Array),
      };
    });
  }

  async rows(query: RowsQuery): Promise<Rows> {
    return measured("rows", async () => {
      const answer = await this.#put("rows", query);
      const { ids, total, columns } = answer.content as { ids: Placed; total: number; columns: PlacedColumn[] };
      return { ids: answer.array(ids) as Uint32Array, total, columns: await this.#vectors(answer, columns) };
    });
  }

  async values(ids: Uint32Array, columns: readonly string[]): Promise<Readonly<Record<string, Vector>>> {
    const answer = await this.#put("values", { ids, columns });
    return this.#vectors(answer, answer.content as PlacedColumn[]);
  }

  async series(query: SeriesQuery): Promise<readonly Series[]> {
    return measured("series", async () => {
      const answer = await this.#put("series", query);
      type Part = "x" | "min" | "mean" | "max" | "count";
      return (answer.content as ({ name: string } & Record<Part, Placed>)[]).map(({ name, ...parts }) => ({
        name,
        x: answer.array(parts.x) as Float64Array,
        min: answer.array(parts.min),
        mean: answer.array(parts.mean),
        max: answer.array(parts.max),
        count: answer.array(parts.count) as Uint32Array,
      }));
    });
  }

  async nearest(query: NearestQuery): Promise<number | null> {
    return measured("nearest", async () => (await this.#put("nearest", query)).content as number | null);
  }

  /** Columns as vectors: what categories are called is the summaries' to say. */
  async #vectors(answer: Answer, columns: readonly PlacedColumn[]): Promise<Readonly<Record<string, Vector>>> {
    const summaries = await this.describe(columns.map(({ name }) => name));
    return Object.fromEntries(
      columns.map((column, i) => [column.name, answer.vector(column, summaries[i]!.names)] as const),
    );
  }

  /** @param supersedes What it is, and what about: an earlier one of that kind, about something else, is given up. */
  async #put(question: string, query: unknown, supersedes?: readonly [string, string]): Promise<Answer> {
    let abort = new AbortController();
    if (supersedes) {
      const [kind, about] = supersedes;
      const before = this.#waiting.get(kind);
      if (before?.about === about) abort = before.abort;
      else before?.abort.abort();
      this.#waiting.set(kind, { about, abort });
    }
    const signal = AbortSignal.any([abort.signal, this.#closed.signal]);
    try {
      return await Answer.open(await this.#ask(question, spoken(query), signal));
    } catch (error) {
      if (signal.aborted) return new Promise<never>(() => {});
      throw error;
    }
  }
}

/** The arrays of one answer. */
class Answer {
  readonly content: unknown;
  readonly #blocks: readonly ArrayBuffer[];

  private constructor(content: unknown, blocks: readonly ArrayBuffer[]) {
    this.content = content;
    this.#blocks = blocks;
  }

  static async open({ header, blocks }: Packed<AnswerHeader>): Promise<Answer> {
    return new Answer(header.answer, await Promise.all(blocks.map(inflate)));
  }

  vector(placed: Placed, categories: readonly string[] | null): Vector {
    return vectorOf({ ...placed, name: "", categories, described: true }, this.#blocks[placed.block]!);
  }

  array(placed: Placed): Values {
    // Of no length, it has no block either.
    return placed.length ? this.vector(placed, null).values : new Float64Array(0);
  }
}

/** A brush is about one thing at a time. */
function brushing(filters: Filters): readonly [string, string] | undefined {
  return narrows(filters) ? ["brush", JSON.stringify([filters, columnsOf(filters)])] : undefined;
}

/** A question as JSON can say it: typed arrays as lists, and words for the numbers that JSON lacks. */
export function spoken(value: unknown): unknown {
  if (typeof value === "number")
    return Number.isFinite(value) ? value : Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array, spoken);
  if (Array.isArray(value)) return value.map(spoken);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, spoken(each)]));
  return value;
}
