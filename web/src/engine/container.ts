import type { ColumnInfo, Summary } from "../core/column";
import { Busy } from "./busy";
import type { OpenedColumn, StoredColumn } from "./column-data";
import type { Document, Engine, Finding, FrameInfo } from "./engine";
import type { Place } from "./handle";
import { LocalPlace } from "./handle";
import type { Opened } from "./memory";
import { MemoryEngine } from "./memory";

/** The newest container this page can read (docs/protocol.md). */
const VERSION = 2;
/** Frames of fewer rows are kept in the page's own thread: a worker would cost more than it takes off. */
const FEW_ROWS = 20_000;

/** A summary as the header has it: null for NaN, which JSON cannot say. */
interface HeaderSummary {
  readonly min: number | null;
  readonly max: number | null;
  readonly min_positive: number | null;
  readonly integer: boolean;
  readonly quantiles: readonly number[];
  readonly categories: readonly (readonly [number, number])[];
  readonly missing: number;
  readonly nan: number;
  readonly positive_infinity: number;
  readonly negative_infinity: number;
  readonly non_positive: number;
}

export interface HeaderColumn extends ColumnInfo, Omit<StoredColumn, "described"> {
  readonly block: number;
  readonly valid: { readonly block: number; readonly offset: number } | null;
  readonly summary?: HeaderSummary | null;
}

/** A frame as the header has it; `remote` where its values stay with whoever wrote it. */
export interface HeaderFrame extends Omit<FrameInfo, "columns"> {
  readonly columns: readonly HeaderColumn[];
  readonly remote?: boolean;
  /** Where only what is new is in the container: stretches of rows, by the row that each began with before; −1 for new. */
  readonly kept?: { readonly starts: PlacedArray; readonly lengths: PlacedArray };
}

/** An array within the blocks. */
export type PlacedArray = Omit<StoredColumn, "name" | "categories" | "described"> & { readonly block: number };

export interface Header {
  readonly version: number;
  readonly blocks: readonly { readonly size: number; readonly length: number }[];
  readonly title: string;
  readonly subtitle: string;
  readonly theme: Document["theme"];
  readonly frames: readonly HeaderFrame[];
  readonly findings: readonly Finding[];
}

/** Hands out a block's text or bytes, once: what is decoded need not lie in the page a second time. */
export type TakeBlock = (block: number) => string | Uint8Array<ArrayBuffer> | Promise<string>;

/**
 * Opens what Python wrote into the page.
 *
 * @param text The text of `#undertow-header`.
 * @param workers Makes the places for a frame of many rows; none where workers are not to be had.
 * @param failed Told when a block turns out to be damaged after the page was opened.
 * @throws Error that says what is wrong, if the page was written by a newer Undertow or is damaged.
 */
export async function openContainer(
  text: string,
  takeBlock: TakeBlock,
  workers: () => readonly Place[] = () => [],
  failed: (error: Error) => void = () => {},
): Promise<Document> {
  return openHeader(JSON.parse(text) as Header, takeBlock, workers, failed);
}

/**
 * The same of a header that is read already.
 *
 * @param remote Makes the engine of a frame whose values are not in the container.
 * @param grown Makes the engine of a frame of which it holds only what is new.
 */
export async function openHeader(
  header: Header,
  takeBlock: TakeBlock,
  workers: () => readonly Place[],
  failed: (error: Error) => void,
  remote?: (frame: FrameInfo) => Engine,
  grown?: (frame: HeaderFrame, places: readonly Place[]) => Promise<Engine>,
): Promise<Document> {
  if (header.version > VERSION)
    throw new Error(
      `This page was written by a newer Undertow (container ${header.version}, this one reads ${VERSION}).`,
    );
  const engines: Engine[] = [];
  // Large frames come one after another: the first is what is looked at.
  let before: Promise<unknown> = Promise.resolve();
  for (const frame of header.frames) {
    if (frame.remote && remote) {
      engines.push(remote(frame));
      continue;
    }
    const many = frame.rows > FEW_ROWS ? workers() : [];
    const places = many.length ? many : [new LocalPlace()];
    if (frame.kept && grown) {
      engines.push(await grown(frame, places));
      continue;
    }
    const opening = new Opening(frame, header.blocks, takeBlock, places);
    const run = many.length ? before.then(() => opening.run(failed)) : opening.run(failed);
    run.catch(failed);
    if (many.length) before = run;
    engines.push(await opening.engine());
  }
  return { title: header.title, subtitle: header.subtitle, theme: header.theme, engines, findings: header.findings };
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A frame on its way from the page's blocks to its places. */
class Opening {
  readonly #frame: HeaderFrame;
  readonly #blocks: Header["blocks"];
  readonly #takeBlock: TakeBlock;
  readonly #places: readonly Place[];
  readonly #ends: readonly number[];
  readonly #busy = new Busy();
  readonly #summaries = new Map<string, Summary>();
  readonly #there = new Map<string, Deferred>();

  constructor(frame: HeaderFrame, blocks: Header["blocks"], takeBlock: TakeBlock, places: readonly Place[]) {
    this.#frame = frame;
    this.#blocks = blocks;
    this.#takeBlock = takeBlock;
    this.#places = places;
    this.#ends = sharesOf(frame.rows, places.length);
    for (const column of frame.columns) {
      this.#there.set(column.name, deferred());
      if (column.summary) this.#summaries.set(column.name, summaryOf(column, column.summary, frame.rows));
    }
  }

  /** The engine, once every column is described; the values of those that the header describes may come later. */
  async engine(): Promise<MemoryEngine> {
    const { columns } = this.#frame;
    await Promise.all(columns.filter(({ summary }) => !summary).map(({ name }) => this.#there.get(name)!.promise));
    const opened = new Map(
      columns.map(({ name, categories }): [string, Opened] => [
        name,
        { summary: this.#summaries.get(name)!, categories, there: this.#there.get(name)!.promise },
      ]),
    );
    return new MemoryEngine(this.#frame, this.#places, this.#ends, opened, this.#busy);
  }

  /**
   * Decodes the blocks, those of the shown axes first. A block that is damaged takes no other with it.
   *
   * @param damaged Told of the first block that is.
   */
  async run(damaged: (error: Error) => void): Promise<void> {
    const { columns, axes, color } = this.#frame;
    try {
      const started = this.#places.map((place, i) => place.start(this.#ends[i]! - (this.#ends[i - 1] ?? 0)));
      const order = [...(color === null ? [] : [color]), ...axes];
      const rank = ({ name }: HeaderColumn) => (order.includes(name) ? order.indexOf(name) : order.length);
      const groups = new Map<number, HeaderColumn[]>();
      for (const column of [...columns].sort((a, b) => rank(a) - rank(b)))
        groups.set(column.block, [...(groups.get(column.block) ?? []), column]);
      const waiting = [...groups];
      let told = false;
      // Every place takes a block when it has done the one before, so that texts are not all copied at once; and what can
      // be drawn already is counted first.
      await Promise.all(
        this.#places.map(async (place) => {
          for (let next = waiting.shift(); next; next = waiting.shift()) {
            try {
              await this.#open(place, ...next);
            } catch (error) {
              for (const { name } of next[1]) this.#there.get(name)!.reject(error);
              if (!told) damaged(error as Error);
              told = true;
            }
            await this.#busy.idle();
          }
        }),
      );
      await Promise.all(started);
    } catch (error) {
      for (const each of this.#there.values()) each.reject(error);
      throw error;
    }
  }

  async #open(place: Place, block: number, columns: readonly HeaderColumn[]): Promise<void> {
    const text = { text: await this.#takeBlock(block), size: this.#blocks[block]!.size };
    const answers: OpenedColumn[] = await place.do("openColumn", [text, columns.map(stored), this.#ends]);
    for (const [i, { summary, shares }] of answers.entries()) {
      const { name } = columns[i]!;
      if (summary) this.#summaries.set(name, summary);
      const given = shares.map((share, k) => this.#places[k]!.give(name, share));
      // Places do what they are told in order: a question may follow before they have said that they took it.
      this.#there.get(name)!.resolve();
      await Promise.all(given);
    }
  }
}

function deferred(): Deferred {
  let [resolve, reject]: [() => void, (error: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise<void>((...hands) => ([resolve, reject] = hands));
  // Whoever waits hears of it; so far nobody may.
  promise.catch(() => {});
  return { promise, resolve, reject };
}

function summaryOf({ name, categories }: HeaderColumn, said: HeaderSummary, rows: number): Summary {
  return {
    name,
    rows,
    min: said.min ?? NaN,
    max: said.max ?? NaN,
    minPositive: said.min_positive ?? NaN,
    integer: said.integer,
    quantiles: said.quantiles,
    names: categories,
    categories: said.categories,
    missing: said.missing,
    nan: said.nan,
    positiveInfinity: said.positive_infinity,
    negativeInfinity: said.negative_infinity,
    nonPositive: said.non_positive,
  };
}

/** Where the share of each place ends, in rows; all but the last are multiples of 8. */
export function sharesOf(rows: number, places: number): number[] {
  return Array.from({ length: places }, (_, i) =>
    i === places - 1 ? rows : 8 * Math.round(((i + 1) * rows) / places / 8),
  );
}

/** What decoding needs of a column, without its description. */
function stored({ name, type, offset, length, planes, valid, categories, summary }: HeaderColumn): StoredColumn {
  return { name, type, offset, length, planes, valid, categories, described: Boolean(summary) };
}
