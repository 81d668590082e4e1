import { SPECIAL_BINS } from "../core/edges";
import type { Shared } from "../core/relatedness";
import { coarser, relatedOrder, shared } from "../core/relatedness";
import type { Binning } from "../engine/engine";
import type { Lens } from "./lens";

/** Bins that are counted; numbers are then put together into as many as their rows bear. */
const BINS = 48;
/** So many rows say it as well as all. */
const SAMPLE = 200_000;
/** Pairs that are counted at a time, so that the page stays quick. */
const BATCH = 12;
/** Rows that a bin of two columns needs. */
const ROWS_A_CELL = 5;

/**
 * What pairs of columns know of each other, over the rows that the steps left, brushes aside. Numbers are cut where equally
 * many rows lie, so that neither outliers nor the scale of an axis matter; special values count as values of their own.
 */
export async function relations(lens: Lens, pairs: readonly (readonly [string, string])[]): Promise<Shared[]> {
  const names = [...new Set(pairs.flat())];
  const binnings = new Map<string, Binning>();
  for (const name of names) binnings.set(name, await binning(lens, name));
  const rows = lens.count.peek().left;
  const by = (name: string) => (lens.categories(name) ? 1 : BINS / groups(Math.min(rows, SAMPLE)));
  const found: Shared[] = [];
  for (let start = 0; start < pairs.length; start += BATCH) {
    const some = pairs.slice(start, start + BATCH);
    const cube = await lens.engine.cube({
      pairs: some.map(([left, right]) => [binnings.get(left)!, binnings.get(right)!]),
      bins: BINS,
      filters: lens.base.peek(),
      ...(rows > SAMPLE ? { sample: SAMPLE } : {}),
    });
    some.forEach(([left, right], i) => {
      const joint = { counts: cube.counts[i]!, sides: [cube.side, cube.side] as const };
      found.push(shared(coarser(joint, [by(left), by(right)], SPECIAL_BINS)));
    });
  }
  return found;
}

/** Beyond so many axes the pairs are too many to count. */
export const MOST_RELATED = 60;

/** Puts the shown axes into an order in which neighbours are related, by their mutual information over their entropies. */
export async function orderByRelatedness(lens: Lens): Promise<void> {
  const axes = lens.axes.peek();
  const pairs = axes.flatMap((left, i) => axes.slice(i + 1).map((right) => [left, right] as const));
  const found = await relations(lens, pairs);
  const place = new Map(axes.map((name, i) => [name, i]));
  const strength = axes.map(() => axes.map(() => 0));
  pairs.forEach(([left, right], k) => {
    const { corrected, entropies } = found[k]!;
    const whole = Math.sqrt(entropies[0] * entropies[1]);
    const [i, j] = [place.get(left)!, place.get(right)!];
    strength[i]![j] = strength[j]![i] = whole > 0 ? corrected / whole : 0;
  });
  // What a person changed meanwhile stands.
  if (lens.axes.peek() === axes) lens.axes.value = relatedOrder(strength).map((i) => axes[i]!);
}

/** How many bins so many rows bear on either side: a divisor of all. */
function groups(rows: number): number {
  const bears = Math.sqrt(rows / ROWS_A_CELL);
  return [24, 16, 12, 8, 6, 4, 3].find((each) => each <= bears) ?? 2;
}

async function binning(lens: Lens, name: string): Promise<Binning> {
  if (lens.categories(name)) return lens.binning(name);
  const { min, max } = lens.summary(name);
  if (!(min < max)) return lens.binning(name);
  return { column: name, scale: "percentile", domain: [min, max], percentiles: await lens.engine.percentiles(name) };
}
