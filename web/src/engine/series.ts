import type { Summary, Vector } from "../core/column";
import { isPresent } from "../core/column";
import type { Series, SeriesQuery } from "./engine";

/** Minimum, mean and maximum of y in every bucket of x, one series a category of `by`; rows without finite x and y are left out. */
export function bucketSeries(
  query: SeriesQuery,
  columns: Readonly<Record<string, Vector>>,
  { min: low, max: high }: Summary,
): Series[] {
  const [xs, ys] = [columns[query.x]!, columns[query.y]!];
  const by = query.by === undefined ? null : columns[query.by]!;
  const groups = new Map<number, Buckets>();
  for (let row = 0; row < xs.values.length; row++) {
    const [x, y] = [xs.values[row]!, ys.values[row]!];
    if (!isPresent(xs, row) || !isPresent(ys, row) || !Number.isFinite(x) || !Number.isFinite(y)) continue;
    const group = by ? (isPresent(by, row) ? by.values[row]! : NaN) : 0;
    let buckets = groups.get(group);
    if (!buckets) groups.set(group, (buckets = new Buckets(query.width)));
    buckets.add(high === low ? 0 : Math.min(query.width - 1, Math.floor(((x - low) / (high - low)) * query.width)), y);
  }
  return [...groups].map(([group, buckets]) => {
    const name = !by ? query.y : Number.isNaN(group) ? "missing" : (by.categories?.[group] ?? String(group));
    return buckets.series(name, low, high);
  });
}

class Buckets {
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #sum: Float64Array;
  readonly #count: Uint32Array;

  constructor(width: number) {
    this.#min = new Float64Array(width).fill(Infinity);
    this.#max = new Float64Array(width).fill(-Infinity);
    this.#sum = new Float64Array(width);
    this.#count = new Uint32Array(width);
  }

  add(bucket: number, y: number): void {
    if (y < this.#min[bucket]!) this.#min[bucket] = y;
    if (y > this.#max[bucket]!) this.#max[bucket] = y;
    this.#sum[bucket]! += y;
    this.#count[bucket]!++;
  }

  series(name: string, low: number, high: number): Series {
    const width = this.#count.length;
    const filled = [...this.#count.keys()].filter((i) => this.#count[i]! > 0);
    return {
      name,
      x: Float64Array.from(filled, (i) => low + ((i + 0.5) / width) * (high - low)),
      min: Float64Array.from(filled, (i) => this.#min[i]!),
      mean: Float64Array.from(filled, (i) => this.#sum[i]! / this.#count[i]!),
      max: Float64Array.from(filled, (i) => this.#max[i]!),
      count: Uint32Array.from(filled, (i) => this.#count[i]!),
    };
  }
}
