import type { Summary, Vector } from "../core/column";
import type { Cut } from "../core/edges";
import { FINE_BINS } from "../core/edges";
import type { Filters } from "../core/filter";
import { columnsOf, EVERYTHING, passesAll } from "../core/filter";
import { nextTask } from "../core/task";
import type {
  Binning,
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
import { sideOf } from "./codes";
import { Busy } from "./busy";
import type { Place } from "./handle";
import { measured } from "./measure";
import { joinSeries } from "./series";
import { cutKey, resolutionOf } from "./shard";
import { join, take } from "./vectors";

/**
 * Edges that a column's codes know at most: those of some ten domains with all their scales. Codes would hold eight times as
 * many in their 16 bits, but every change of a domain computes them all.
 */
const MOST_EDGES = 8192;

/** One column as it came out of its block. */
export interface Opened {
  readonly summary: Summary;
  readonly categories: readonly string[] | null;
  /** When its values are in their places; a page that says what a column holds is shown before. */
  readonly there: Promise<unknown>;
}

/**
 * The engine whose rows are in this page: sharded over places, whose answers add up.
 *
 * What a place needs before it can count (the codes of a column) is made when a question first needs it. A question waits for
 * the columns that it asks about, and for no other.
 */
export class MemoryEngine implements Engine {
  readonly frame: FrameInfo;
  readonly #places: readonly Place[];
  /** The row that each place ends before. */
  readonly #ends: readonly number[];
  readonly #opened: ReadonlyMap<string, Opened>;
  readonly #busy: Busy;
  /** What every column's codes know, the scales used last at the end. */
  readonly #cuts = new Map<string, Map<string, readonly [Cut, number]>>();
  readonly #encoding = new Map<string, Promise<unknown>>();
  #sorted: { readonly key: string; readonly ids: Promise<Uint32Array> } | null = null;

  constructor(
    frame: FrameInfo,
    places: readonly Place[],
    ends: readonly number[],
    opened: ReadonlyMap<string, Opened>,
    busy: Busy = new Busy(),
  ) {
    this.frame = frame;
    this.#places = places;
    this.#ends = ends;
    this.#opened = opened;
    this.#busy = busy;
  }

  async describe(columns: readonly string[]): Promise<readonly Summary[]> {
    return columns.map((name) => this.#column(name).summary);
  }

  async percentiles(column: string): Promise<Float64Array> {
    await this.#column(column).there;
    const parts = await this.#all((place) => place.ask("keys", [EVERYTHING, column, null]));
    return this.#places[0]!.do("percentiles", [parts.map((part) => part.keys)]);
  }

  async select(filters: Filters): Promise<Selection> {
    return measured("select", async () => {
      await this.#prepare([], filters);
      const parts = await this.#all((place) => place.ask("select", [filters]));
      const bits = new Uint8Array((this.frame.rows + 7) >> 3);
      parts.forEach((part, i) => bits.set(part.bits, this.#start(i) >> 3));
      return { count: parts.reduce((sum, part) => sum + part.count, 0), bits };
    });
  }

  async cube(query: CubeQuery): Promise<Cube> {
    return measured(query.active ? "cube" : "histogram", async () => {
      const axes = [
        ...query.pairs.flat().map((axis) => [axis, query.bins] as const),
        ...(query.color ? [[query.color, FINE_BINS] as const] : []),
      ];
      if (query.active) axes.push([query.active.axis, query.active.positions]);
      const filters = query.filters ?? EVERYTHING;
      const encoded = await this.#prepare(axes, filters);
      // What overtakes other questions must not overtake the codes that it needs.
      if (query.sample !== undefined) await encoded();
      const share = Math.min(1, (query.sample ?? Infinity) / Math.max(1, this.frame.rows));
      const asked = { pairs: query.pairs, bins: query.bins, active: query.active ?? null, color: query.color ?? null };
      const parts = await this.#busy.during(
        Promise.all(
          this.#places.map((place, i) => {
            const rows = Math.ceil((this.#ends[i]! - this.#start(i)) * share);
            return place.ask("cube", [{ ...asked, filters, rows }], query.sample === undefined ? "next" : "now");
          }),
        ),
      );
      const [first, ...others] = parts;
      const { counts, colours } = first!;
      let added = 0;
      for (const other of others)
        for (const [into, grids] of [[counts, other.counts] as const, [colours, other.colours] as const])
          for (const [pair, grid] of grids.entries()) {
            add(into[pair]!, grid);
            added += grid.length;
            // Many axes make many grids: a hand may move in between.
            if (added < ADDED_AT_ONCE) continue;
            added = 0;
            await nextTask();
          }
      const side = sideOf(query.bins);
      return { side, slices: query.active ? sideOf(query.active.positions) + 1 : 1, counts, colours, share };
    });
  }

  async rows(query: RowsQuery): Promise<Rows> {
    return measured("rows", async () => {
      const filters = query.filters ?? EVERYTHING;
      query.columns.forEach((name) => this.#column(name));
      const offset = query.offset ?? 0;
      if (!query.order?.length && passesAll(filters)) {
        const count = Math.max(0, Math.min(this.frame.rows - offset, query.limit ?? Infinity));
        const all = Uint32Array.from({ length: count }, (_, i) => offset + i);
        return { ids: all, columns: await this.values(all, query.columns), total: this.frame.rows };
      }
      const ids = await this.#order(filters, query.order ?? []);
      const page = ids.slice(offset, Math.min(ids.length, offset + (query.limit ?? ids.length)));
      return { ids: page, columns: await this.values(page, query.columns), total: ids.length };
    });
  }

  async values(ids: Uint32Array, columns: readonly string[]): Promise<Readonly<Record<string, Vector>>> {
    await this.#there(columns);
    // Asked place by place; where the rows of one place do not stand together, they are put back in order afterwards.
    const owners = Uint8Array.from(ids, (id) => this.#ends.findIndex((end) => id < end));
    const groups = this.#places.map((_, place) =>
      ids.filter((_, i) => owners[i] === place).map((id) => id - this.#start(place)),
    );
    const parts = await Promise.all(this.#places.map((place, i) => place.ask("values", [groups[i]!, columns])));
    const next = groups.map((_, i) => groups.slice(0, i).reduce((sum, group) => sum + group.length, 0));
    const back = Uint32Array.from(owners, (owner) => next[owner]!++);
    const inOrder = back.every((at, i) => at === i);
    return Object.fromEntries(
      columns.map((name) => {
        const joined = { ...join(parts.map((part) => part[name]!)), categories: this.#column(name).categories };
        return [name, inOrder ? joined : take(joined, back)];
      }),
    );
  }

  async series(query: SeriesQuery): Promise<readonly Series[]> {
    return measured("series", async () => {
      const { x, y, by, width, filters = EVERYTHING } = query;
      const [summary, categories] = [this.#column(x).summary, by === undefined ? null : this.#column(by).categories];
      const buckets = { low: summary.min, high: summary.max, width };
      await Promise.all([this.#prepare([], filters), this.#there([x, y, ...(by === undefined ? [] : [by])])]);
      const parts = await this.#all((place) => place.ask("series", [buckets, x, y, by ?? null, filters]));
      return joinSeries(parts, buckets, (group) =>
        by === undefined ? y : Number.isNaN(group) ? "missing" : (categories?.[group] ?? String(group)),
      );
    });
  }

  async nearest(query: NearestQuery): Promise<number | null> {
    return measured("nearest", async () => {
      const axes = [query.left, query.right].map((axis) => [axis, FINE_BINS] as const);
      await this.#prepare(axes, query.filters ?? EVERYTHING);
      const parts = await this.#all((place) => place.ask("nearest", [query]));
      let best: { row: number; distance: number } | null = null;
      parts.forEach((part, i) => {
        if (part && (best === null || part.distance < best.distance))
          best = { row: part.row + this.#start(i), distance: part.distance };
      });
      return (best as { row: number } | null)?.row ?? null;
    });
  }

  close(): void {
    for (const place of this.#places) place.stop();
  }

  #column(name: string): Opened {
    const column = this.#opened.get(name);
    if (!column) throw new Error(`No column named “${name}”.`);
    return column;
  }

  #start(place: number): number {
    return place === 0 ? 0 : this.#ends[place - 1]!;
  }

  #all<T>(question: (place: Place) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#places.map(question));
  }

  /** Row numbers that pass, sorted; the last answer is kept, for a table pages through it. */
  #order(filters: Filters, order: NonNullable<RowsQuery["order"]>): Promise<Uint32Array> {
    const key = JSON.stringify([filters, order]);
    if (this.#sorted?.key !== key) this.#sorted = { key, ids: this.#sort(filters, order) };
    return this.#sorted.ids;
  }

  async #sort(filters: Filters, order: NonNullable<RowsQuery["order"]>): Promise<Uint32Array> {
    await this.#prepare([], filters);
    const parts = await this.#all((place) => place.ask("passing", [filters, this.#start(this.#places.indexOf(place))]));
    const keys = await Promise.all(
      order.map(async ({ column, descending }) => {
        const { categories, there } = this.#column(column);
        await there;
        const ranks = categories && ranksOf(categories);
        const found = await this.#all((place) => place.ask("keys", [filters, column, ranks]));
        return { keys: found.map((part) => part.keys), descending };
      }),
    );
    const buffers = [...parts, ...keys.flatMap((each) => each.keys)].map(({ buffer }) => buffer as ArrayBuffer);
    return this.#places[0]!.do("arrange", [parts, keys], buffers);
  }

  async #there(columns: Iterable<string>): Promise<void> {
    await Promise.all([...columns].map((name) => this.#column(name).there));
  }

  /**
   * Waits for the columns that a question needs, and sees to it that their codes know its axes: a place answers in the order
   * that it is asked, so the question may follow at once.
   *
   * @returns Waits until the codes are made.
   */
  async #prepare(axes: readonly (readonly [Binning, number])[], filters: Filters): Promise<() => Promise<unknown>> {
    const filtered = columnsOf(filters);
    const searched = filters.search || filters.steps?.some((step) => step.search);
    await this.#there([...axes.map(([axis]) => axis.column), ...filtered, ...(searched ? this.#opened.keys() : [])]);
    const asked = axes.map(([axis, bins]) => this.#know(axis, bins));
    for (const name of filtered)
      asked.push(this.#encoding.get(name) ?? this.#know({ column: name, ...this.#ownCut(name) }, FINE_BINS));
    return () => Promise.all(asked);
  }

  /** Makes a column's codes know the edges of an axis. */
  #know(axis: Binning, bins: number): Promise<unknown> {
    const { column } = axis;
    const { categories, summary } = this.#column(column);
    const known = this.#cuts.get(column) ?? new Map<string, readonly [Cut, number]>();
    const resolution = resolutionOf(axis, bins);
    const key = categories ? "category" : `${resolution} ${cutKey(axis)}`;
    const own = known.get(key);
    if (own) {
      known.delete(key);
      known.set(key, own);
      return this.#encoding.get(column)!;
    }
    // With one scale come the others of its domain, so that changing between them asks no row again.
    if (!categories)
      for (const cut of siblings(axis, summary)) known.set(`${FINE_BINS} ${cutKey(cut)}`, [cut, FINE_BINS]);
    known.delete(key);
    known.set(key, [axis, resolution]);
    // Scales that were left long ago make room.
    let total = [...known.values()].reduce((sum, [, bins]) => sum + bins + 1, 0);
    for (const [old, [, bins]] of known) {
      if (total <= MOST_EDGES || old === key) break;
      known.delete(old);
      total -= bins + 1;
    }
    this.#cuts.set(column, known);
    const cuts = [...known.values()];
    const asked = this.#busy.during(
      this.#all((place) => place.ask("encode", [column, cuts, categories ? categories.length : null])),
    );
    // Who asks for codes fails with them; nobody may have asked yet.
    asked.catch(() => {});
    this.#encoding.set(column, asked);
    return asked;
  }

  #ownCut(name: string): Cut {
    const { summary, categories } = this.#column(name);
    if (categories) return { scale: "category", domain: [0, categories.length - 1] };
    return { scale: "linear", domain: Number.isNaN(summary.min) ? [0, 0] : [summary.min, summary.max] };
  }
}

/** The other scales that an axis may be switched to without new edges: those that its values alone decide. */
function siblings(axis: Cut, { minPositive, max }: Summary): Cut[] {
  if (axis.scale === "percentile" || axis.scale === "time") return [];
  const [low, high] = axis.domain;
  const cuts: Cut[] = [
    { scale: "linear", domain: axis.domain },
    { scale: "symlog", domain: axis.domain },
  ];
  if (low > 0) cuts.push({ scale: "log", domain: axis.domain });
  else if (minPositive > 0) cuts.push({ scale: "log", domain: [minPositive, Math.max(high, max)] });
  return cuts;
}

/** Some milliseconds' worth. */
const ADDED_AT_ONCE = 2_000_000;

function add(into: Uint32Array | Float32Array, other: Uint32Array | Float32Array): void {
  for (let i = 0; i < into.length; i++) into[i]! += other[i]!;
}

/** The place of each category in its alphabet, numbers within it counted as numbers. */
function ranksOf(names: readonly string[]): number[] {
  const collator = new Intl.Collator(undefined, { numeric: true });
  const order = [...names.keys()].sort((a, b) => collator.compare(names[a]!, names[b]!));
  const ranks = new Array<number>(names.length);
  order.forEach((code, rank) => (ranks[code] = rank));
  return ranks;
}
