import type { Summary, Vector } from "../core/column";
import { isPresent } from "../core/column";
import type { Filters } from "../core/filter";
import { predicate } from "../core/filter";
import { binCount, binner } from "./binning";
import type { Cube, CubeQuery, Engine, FrameInfo, Rows, RowsQuery, Selection, Series, SeriesQuery } from "./engine";
import { summarize } from "./summary";

/** The engine whose rows are in this page. */
export class MemoryEngine implements Engine {
  readonly frame: FrameInfo;
  readonly #vectors: ReadonlyMap<string, Vector>;
  readonly #summaries = new Map<string, Summary>();

  /** @param vectors One per column of `frame`, in its order. */
  constructor(frame: FrameInfo, vectors: readonly Vector[]) {
    this.frame = frame;
    this.#vectors = new Map(frame.columns.map((column, i) => [column.name, vectors[i]!]));
  }

  async describe(columns: readonly string[]): Promise<readonly Summary[]> {
    return columns.map((name) => {
      let summary = this.#summaries.get(name);
      if (!summary) this.#summaries.set(name, (summary = summarize(name, this.#vector(name))));
      return summary;
    });
  }

  async select(filters: Filters): Promise<Selection> {
    const passes = this.#test(filters);
    const bits = new Uint8Array((this.frame.rows + 7) >> 3);
    let count = 0;
    for (let i = 0; i < this.frame.rows; i++) {
      if (!passes(i)) continue;
      bits[i >> 3]! |= 1 << (i & 7);
      count++;
    }
    return { count, bits };
  }

  async rows(query: RowsQuery): Promise<Rows> {
    const ids = this.#passing(query.filters ?? {});
    for (const { column, descending } of [...(query.order ?? [])].reverse())
      sortBy(ids, this.#vector(column), descending);
    const offset = query.offset ?? 0;
    const page = ids.subarray(offset, Math.min(ids.length, offset + (query.limit ?? ids.length)));
    const whole = page.length === this.frame.rows && !query.order?.length;
    const columns = Object.fromEntries(
      query.columns.map((name) => [name, whole ? this.#vector(name) : take(this.#vector(name), page)]),
    );
    return { ids: page, columns, total: ids.length };
  }

  async cube(query: CubeQuery): Promise<Cube> {
    const side = binCount(query.bins);
    const slices = query.active ? binCount(query.active.positions) + 1 : 1;
    const area = side * side;
    const passes = this.#test(query.filters ?? {});
    const active =
      query.active && binner(query.active.axis, this.#vector(query.active.axis.column), query.active.positions);
    const color = query.color === undefined ? null : this.#vector(query.color);
    const counts = query.pairs.map(() => new Uint32Array(slices * area));
    const sums = color ? query.pairs.map(() => new Float64Array(slices * area)) : [];
    const bins = query.pairs.map(
      ([left, right]) =>
        [
          binner(left, this.#vector(left.column), query.bins),
          binner(right, this.#vector(right.column), query.bins),
        ] as const,
    );
    for (let row = 0; row < this.frame.rows; row++) {
      if (!passes(row)) continue;
      // Slice k + 1 is the first that includes a row at position k.
      const slice = active ? active(row) + 1 : 0;
      const value = color && isPresent(color, row) && Number.isFinite(color.values[row]!) ? color.values[row]! : 0;
      bins.forEach(([left, right], pair) => {
        const cell = slice * area + left(row) * side + right(row);
        counts[pair]![cell]!++;
        if (color) sums[pair]![cell]! += value;
      });
    }
    for (const grid of [...counts, ...sums]) for (let i = area; i < grid.length; i++) grid[i]! += grid[i - area]!;
    return { side, slices, counts, sums };
  }

  async series(query: SeriesQuery): Promise<readonly Series[]> {
    const [xs, ys] = [this.#vector(query.x), this.#vector(query.y)];
    const by = query.by === undefined ? null : this.#vector(query.by);
    const [summary] = await this.describe([query.x]);
    const { min: low, max: high } = summary!;
    const groups = new Map<number, number[][]>();
    for (const row of this.#passing(query.filters ?? {})) {
      const [x, y] = [xs.values[row]!, ys.values[row]!];
      if (!isPresent(xs, row) || !isPresent(ys, row) || !Number.isFinite(x) || !Number.isFinite(y)) continue;
      const group = by ? (isPresent(by, row) ? by.values[row]! : NaN) : 0;
      let buckets = groups.get(group);
      if (!buckets) groups.set(group, (buckets = Array.from({ length: query.width }, () => [])));
      const bucket = high === low ? 0 : Math.min(query.width - 1, Math.floor(((x - low) / (high - low)) * query.width));
      buckets[bucket]!.push(y);
    }
    return [...groups].map(([group, buckets]) => {
      const name = !by ? query.y : Number.isNaN(group) ? "missing" : (by.categories?.[group] ?? String(group));
      return bucketed(name, buckets, low, high);
    });
  }

  #vector(name: string): Vector {
    const vector = this.#vectors.get(name);
    if (!vector) throw new Error(`No column named “${name}”.`);
    return vector;
  }

  #test(filters: Filters): (row: number) => boolean {
    const tests = Object.entries(filters).map(([name, filter]) => predicate(filter, this.#vector(name)));
    return (row) => tests.every((test) => test(row));
  }

  #passing(filters: Filters): Uint32Array {
    const passes = this.#test(filters);
    const ids = new Uint32Array(this.frame.rows);
    let count = 0;
    for (let i = 0; i < ids.length; i++) if (passes(i)) ids[count++] = i;
    return ids.subarray(0, count);
  }
}

function sortBy(ids: Uint32Array, vector: Vector, descending: boolean): void {
  const names = vector.categories;
  const ranks = names && ranksOf(names);
  const key = (row: number) => {
    if (!isPresent(vector, row)) return NaN;
    const value = vector.values[row]!;
    return ranks ? ranks[value]! : Number.isFinite(value) ? value : NaN;
  };
  const sign = descending ? -1 : 1;
  ids.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
    return sign * (x - y);
  });
}

/** The place of each category in its alphabet, numbers within it counted as numbers. */
function ranksOf(names: readonly string[]): number[] {
  const order = [...names.keys()].sort((a, b) => names[a]!.localeCompare(names[b]!, undefined, { numeric: true }));
  const ranks = new Array<number>(names.length);
  order.forEach((code, rank) => (ranks[code] = rank));
  return ranks;
}

function take(vector: Vector, ids: Uint32Array): Vector {
  const Values = vector.values.constructor as new (length: number) => Vector["values"];
  const values = new Values(ids.length);
  const valid = vector.valid && new Uint8Array((ids.length + 7) >> 3);
  const exact = vector.exact && new BigInt64Array(ids.length);
  ids.forEach((row, i) => {
    values[i] = vector.values[row]!;
    if (valid && isPresent(vector, row)) valid[i >> 3]! |= 1 << (i & 7);
    if (exact) exact[i] = vector.exact![row]!;
  });
  return { values, valid, categories: vector.categories, ...(exact ? { exact } : {}) };
}

function bucketed(name: string, buckets: readonly (readonly number[])[], low: number, high: number): Series {
  const filled = [...buckets.keys()].filter((i) => buckets[i]!.length > 0);
  const reduce = (f: (ys: readonly number[]) => number) => Float64Array.from(filled, (i) => f(buckets[i]!));
  return {
    name,
    x: Float64Array.from(filled, (i) => low + ((i + 0.5) / buckets.length) * (high - low)),
    min: reduce((ys) => ys.reduce((a, b) => Math.min(a, b))),
    mean: reduce((ys) => ys.reduce((a, b) => a + b, 0) / ys.length),
    max: reduce((ys) => ys.reduce((a, b) => Math.max(a, b))),
    count: Uint32Array.from(filled, (i) => buckets[i]!.length),
  };
}
