import type { Vector } from "../core/column";
import { isPresent } from "../core/column";
import type { Cut } from "../core/edges";
import { FINE_BINS } from "../core/edges";
import type { ColumnFilter, ColumnFilters, Filters } from "../core/filter";
import { EVERYTHING, predicate } from "../core/filter";
import { Coder, sideOf } from "./codes";
import type { Binning, NearestQuery } from "./engine";
import { colourChannels } from "./engine";
import type { Buckets, PartialSeries } from "./series";
import { bucketRows } from "./series";
import { shuffled } from "./shuffle";
import { take } from "./vectors";

/** A cube query for one shard. */
export interface ShardCube {
  readonly pairs: readonly (readonly [Binning, Binning])[];
  readonly bins: number;
  readonly filters: Filters;
  readonly active: { readonly axis: Binning; readonly positions: number } | null;
  readonly color: Binning | null;
  /** Count the first so many of the shuffled rows. */
  readonly rows: number;
}

interface Column {
  readonly vector: Vector;
  coder: Coder | null;
  codes: Uint16Array;
  /** Bins on the scales used last, the latest at the end. */
  readonly bins: Map<string, Uint8Array>;
}

/** A column's bins on an axis: `coarse[bytes[i]]`, in shuffled order. */
interface Bins {
  readonly bytes: Uint8Array;
  readonly coarse: Uint8Array;
}

/** The rows that pass something, and what. */
interface Mask {
  readonly key: string;
  /** One byte a row in shuffled order; null where all pass. */
  readonly bytes: Uint8Array | null;
}

/** An answer that takes long, made in steps between which something else may be done. */
export type Steps<T> = Generator<undefined, T>;

export function isSteps(answer: unknown): answer is Steps<unknown> {
  return typeof answer === "object" && answer !== null && Symbol.iterator in answer && "next" in answer;
}

/** Rows counted in one step: some milliseconds. */
const STEP = 1 << 20;

/**
 * Scales of one column whose bins are kept, a byte a row each. Of numbers the latest: to look another up takes a few nanoseconds a row. Of
 * categories two, whose bins and positions need not be alike.
 */
const [KEPT, KEPT_CATEGORIES] = [1, 2];

/** Some consecutive rows of a frame, and what can be asked of them alone. Codes and bins lie in a shuffled order. */
export class Shard {
  readonly rows: number;
  readonly #order: Uint32Array;
  readonly #columns = new Map<string, Column>();
  #mask: Mask = { key: "", bytes: null };
  #kept: Mask = { key: "", bytes: null };

  constructor(rows: number) {
    this.rows = rows;
    this.#order = shuffled(rows);
  }

  /** Takes a column's values in row order. */
  add(name: string, vector: Vector): void {
    this.#columns.set(name, { vector, coder: null, codes: new Uint16Array(0), bins: new Map() });
  }

  /** Cuts a column so finely that all its scales are among the cuts. */
  *encode(name: string, cuts: readonly (readonly [Cut, number])[], categories: number | null): Steps<void> {
    const column = this.#column(name);
    const coder = new Coder(cuts, categories);
    const inRowOrder = new Uint16Array(this.rows);
    const encode = coder.encoder(column.vector);
    for (let from = 0; from < this.rows; from += STEP) {
      if (from > 0) yield;
      encode(inRowOrder, from, Math.min(this.rows, from + STEP));
    }
    // Shuffled afterwards: codes are smaller than values, and more of them lie in a cache.
    const codes = new Uint16Array(this.rows);
    for (let from = 0; from < this.rows; from += STEP) {
      if (from > 0) yield;
      shuffle(codes, inRowOrder, this.#order, from, Math.min(this.rows, from + STEP));
    }
    // All at once: whatever was asked between two steps found the codes of before.
    column.coder = coder;
    column.codes = codes;
    column.bins.clear();
  }

  /** Joint counts, cumulative over the slices: counts[p][slice][left][right]. */
  *cube(query: ShardCube): Steps<{ counts: Uint32Array[]; colours: Float32Array[] }> {
    const side = sideOf(query.bins);
    const area = side * side;
    const rows = Math.min(query.rows, this.rows);
    const mask = this.#passing(query.filters);
    const active = query.active && this.#bins(query.active.axis, query.active.positions);
    const slices = query.active ? sideOf(query.active.positions) + 1 : 1;
    // Slice k + 1 is the first that includes a row at position k. Without slices all start at 0: one loop counts for both,
    // and has been compiled when a hand first brushes.
    const offsets = active ? Uint32Array.from(active.coarse, (k) => (k + 1) * area) : new Uint32Array(256);
    const tint = query.color && {
      bytes: this.#bins(query.color, FINE_BINS).bytes,
      places: placesOf(query.color),
      channels: colourChannels(query.color),
    };
    const counts: Uint32Array[] = [];
    const colours: Float32Array[] = [];
    for (const [left, right] of query.pairs) {
      const grid = new Uint32Array(slices * area);
      const colour = tint ? new Float32Array(area * tint.channels) : null;
      const a = this.#bins(left, query.bins);
      const b = this.#bins(right, query.bins);
      // Grouped by what a row may need, so that no row asks what is the same for all.
      const rowOf = Uint32Array.from(a.coarse, (k) => k * side);
      for (let from = 0; from < rows; from += STEP) {
        yield;
        const to = Math.min(rows, from + STEP);
        const cells = { from, to, mask, a: a.bytes, b: b.bytes, rowOf, columnOf: b.coarse };
        count(grid, cells, active?.bytes ?? a.bytes, offsets);
        if (colour) tinge(colour, cells, tint!);
      }
      yield;
      accumulate(grid, area);
      counts.push(grid);
      if (colour) colours.push(colour);
    }
    return { counts, colours };
  }

  /** One bit a row in row order, and how many are set. */
  select(filters: Filters): { count: number; bits: Uint8Array } {
    const mask = this.#passing(filters);
    const bits = new Uint8Array((this.rows + 7) >> 3);
    let count = 0;
    for (let i = 0; i < this.rows; i++) {
      if (mask !== null && mask[i] === 0) continue;
      const row = this.#order[i]!;
      bits[row >> 3]! |= 1 << (row & 7);
      count++;
    }
    return { count, bits };
  }

  /**
   * The values of some rows, by their numbers within the shard. Codes come without the categories' names, which whoever
   * asks has already: there may be a hundred thousand, and each answer would carry them.
   */
  values(ids: Uint32Array, columns: readonly string[]): Record<string, Vector> {
    return Object.fromEntries(
      columns.map((name) => [name, { ...take(this.#column(name).vector, ids), categories: null }]),
    );
  }

  /** What a sort compares, of the rows that pass, in row order; NaN where there is nothing to compare. */
  keys(filters: Filters, name: string, ranks: readonly number[] | null): { ids: Uint32Array; keys: Float64Array } {
    const ids = this.passing(filters);
    const { vector } = this.#column(name);
    const keys = new Float64Array(ids.length);
    for (let i = 0; i < ids.length; i++) {
      const value = isPresent(vector, ids[i]!) ? vector.values[ids[i]!]! : NaN;
      keys[i] = ranks && !Number.isNaN(value) ? ranks[value]! : Number.isFinite(value) ? value : NaN;
    }
    return { ids, keys };
  }

  /** The numbers of the rows that pass, ascending, counted from `first`. */
  passing(filters: Filters, first = 0): Uint32Array {
    const { count, bits } = this.select(filters);
    const ids = new Uint32Array(count);
    for (let row = 0, i = 0; i < count; row++) if ((bits[row >> 3]! >> (row & 7)) & 1) ids[i++] = first + row;
    return ids;
  }

  /** See `bucketRows`. */
  series(buckets: Buckets, x: string, y: string, by: string | null, filters: Filters): PartialSeries[] {
    const [xs, ys] = [this.#column(x).vector, this.#column(y).vector];
    return bucketRows(buckets, this.passing(filters), xs, ys, by === null ? null : this.#column(by).vector);
  }

  /** The row whose line passes nearest to a point, and how far off. */
  nearest(query: NearestQuery): { row: number; distance: number } | null {
    const mask = this.#passing(query.filters ?? EVERYTHING);
    const [a, b] = [this.#bins(query.left, FINE_BINS).bytes, this.#bins(query.right, FINE_BINS).bytes];
    const { t, y } = query;
    const [left, right] = [query.heights[0].map((h) => (1 - t) * h - y), query.heights[1].map((h) => t * h)];
    let [best, distance] = [-1, query.reach];
    for (let i = 0; i < this.rows; i++) {
      if (mask !== null && mask[i] === 0) continue;
      const off = Math.abs(left[a[i]!]! + right[b[i]!]!);
      if (off < distance) [best, distance] = [i, off];
    }
    return best < 0 ? null : { row: this.#order[best]!, distance };
  }

  #column(name: string): Column {
    const column = this.#columns.get(name);
    if (!column) throw new Error(`No column named “${name}”.`);
    return column;
  }

  /** Bins on an axis' scale: one table look-up a row after a change of scale. */
  #bins(axis: Binning, bins: number): Bins {
    const column = this.#column(axis.column);
    const resolution = resolutionOf(axis, bins);
    const key = `${resolution} ${cutKey(axis)}`;
    let bytes = column.bins.get(key);
    if (!bytes) {
      const table = column.coder!.bins(axis, resolution);
      const { codes } = column;
      bytes = new Uint8Array(codes.length);
      for (let i = 0; i < codes.length; i++) bytes[i] = table[codes[i]!]!;
      const kept = column.vector.categories ? KEPT_CATEGORIES : KEPT;
      for (const old of column.bins.keys()) if (column.bins.size >= kept) column.bins.delete(old);
      column.bins.set(key, bytes);
    }
    return { bytes, coarse: rebin(resolution, bins) };
  }

  /** One byte a row in shuffled order; null where all pass. */
  #passing(filters: Filters): Uint8Array | null {
    const key = JSON.stringify(filters);
    if (this.#mask.key === key) return this.#mask.bytes;
    let bytes = this.#afterSteps(filters.steps ?? []);
    bytes = this.#narrowed(bytes, filters.columns);
    if (filters.search) bytes = this.#searched(bytes, filters.search);
    this.#mask = { key, bytes };
    return bytes;
  }

  /** What the steps leave; the last answer is kept, since brushes come and go above it. */
  #afterSteps(steps: NonNullable<Filters["steps"]>): Uint8Array | null {
    if (steps.length === 0) return null;
    const key = JSON.stringify(steps);
    if (this.#kept.key === key) return this.#kept.bytes;
    // A longer stack grows from the one before it.
    let bytes = this.#afterSteps(steps.slice(0, -1));
    const { action, columns, search } = steps.at(-1)!;
    let passing = this.#narrowed(null, columns);
    if (search) passing = this.#searched(passing, search);
    const left = new Uint8Array(this.rows);
    for (let i = 0; i < left.length; i++) {
      const passes = passing === null || passing[i] === 1;
      left[i] = Number((bytes === null || bytes[i] === 1) && passes === (action === "keep"));
    }
    bytes = left;
    this.#kept = { key, bytes };
    return bytes;
  }

  /** `mask` without the rows that some columns' filters stop; `mask` itself is left as it was. */
  #narrowed(mask: Uint8Array | null, columns: ColumnFilters): Uint8Array | null {
    let bytes = mask;
    for (const [name, filter] of Object.entries(columns)) {
      const column = this.#column(name);
      const { codes } = column;
      const table = tableOf(filter, column);
      const exact = predicate(filter, column.vector);
      const next = bytes === null ? new Uint8Array(this.rows).fill(1) : bytes === mask ? bytes.slice() : bytes;
      for (let i = 0; i < codes.length; i++) {
        if (next[i] === 0) continue;
        const known = table[codes[i]!]!;
        next[i] = known === 2 ? Number(exact(this.#order[i]!)) : known;
      }
      bytes = next;
    }
    return bytes;
  }

  /** `mask` without the rows of which no value contains a text. */
  #searched(mask: Uint8Array | null, search: string): Uint8Array {
    const wanted = search.toLowerCase();
    const bytes = new Uint8Array(this.rows);
    for (const { vector } of this.#columns.values()) {
      const names = vector.categories?.map((name) => name.toLowerCase().includes(wanted)) ?? null;
      for (let i = 0; i < bytes.length; i++) {
        if (bytes[i] === 1 || (mask !== null && mask[i] === 0)) continue;
        const row = this.#order[i]!;
        if (!isPresent(vector, row)) continue;
        const value = vector.values[row]!;
        bytes[i] = Number(
          names
            ? names[value]
            : String(vector.exact?.[row] ?? value)
                .toLowerCase()
                .includes(wanted),
        );
      }
    }
    return bytes;
  }
}

/** The bins that a row's byte holds: the display bins, where the wanted ones are made of whole such. */
export function resolutionOf(axis: Cut, bins: number): number {
  return axis.scale === "category" || FINE_BINS % bins !== 0 ? bins : FINE_BINS;
}

/** Tells cuts apart. */
export function cutKey({ scale, domain }: Cut): string {
  return `${scale} ${domain.join(" ")}`;
}

/** From bins to coarser ones; the special bins stay special. */
function rebin(from: number, to: number): Uint8Array {
  return Uint8Array.from({ length: sideOf(from) }, (_, k) => (k < from ? Math.floor((k * to) / from) : to + k - from));
}

/** Some rows, and how to find their cells in the grid of two axes. */
interface Cells {
  readonly from: number;
  readonly to: number;
  readonly mask: Uint8Array | null;
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  /** Where the row of a grid starts that a byte of `a` belongs to. */
  readonly rowOf: Uint32Array;
  readonly columnOf: Uint8Array;
}

function shuffle(to: Uint16Array, from: Uint16Array, order: Uint32Array, start: number, end: number): void {
  for (let i = start; i < end; i++) to[i] = from[order[i]!]!;
}

/** @param offsets Where the slice starts that a byte of `active` is first counted in. */
function count(
  grid: Uint32Array,
  { from, to, mask, a, b, rowOf, columnOf }: Cells,
  active: Uint8Array,
  offsets: Uint32Array,
): void {
  for (let i = from; i < to; i++)
    if (mask === null || mask[i] !== 0) grid[offsets[active[i]!]! + rowOf[a[i]!]! + columnOf[b[i]!]!]!++;
}

function accumulate(grid: Uint32Array, area: number): void {
  for (let i = area; i < grid.length; i++) grid[i]! += grid[i - area]!;
}

/** Adds the rows' colours to their cells: hues, or places by the display bin. */
function tinge(
  colour: Float32Array,
  { from, to, mask, a, b, rowOf, columnOf }: Cells,
  tint: { readonly bytes: Uint8Array; readonly places: Float32Array; readonly channels: number },
): void {
  const { bytes, places, channels } = tint;
  for (let i = from; i < to; i++) {
    if (mask !== null && mask[i] === 0) continue;
    const at = channels * (rowOf[a[i]!]! + columnOf[b[i]!]!);
    const bin = bytes[i]!;
    if (channels > 2) colour[at + Math.min(bin, channels - 1)]!++;
    else if (bin < FINE_BINS) {
      colour[at]!++;
      colour[at + 1]! += places[bin]!;
    }
  }
}

/** The places of the display bins' middles: from the foot up for numbers, from the head down for categories. */
function placesOf({ scale, domain }: Cut): Float32Array {
  const categories = Math.min(FINE_BINS, domain[1] + 1);
  return Float32Array.from({ length: FINE_BINS }, (_, k) =>
    scale === "category" ? 1 - (k + 0.5) / categories : (k + 0.5) / FINE_BINS,
  );
}

function tableOf(filter: ColumnFilter, { coder, vector }: Column): Uint8Array {
  const missing = filter.missing === true;
  if (vector.categories) {
    const names = new Set(filter.values ?? []);
    return coder!.passesCategories(
      new Set([...vector.categories.keys()].filter((code) => names.has(vector.categories![code]!))),
      missing,
    );
  }
  const ranges = filter.ranges ?? [];
  const special = new Set(filter.special ?? []);
  const within = (value: number) => ranges.some(([low, high]) => value >= low && value <= high);
  return coder!.passes(within, ranges.flat(), {
    missing,
    nan: special.has("nan"),
    "-inf": special.has("-inf"),
    "+inf": special.has("+inf"),
  });
}
