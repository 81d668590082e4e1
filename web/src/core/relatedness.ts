/** Joint counts of two columns: bin by bin, the left column's varying slowest. */
export interface Joint {
  readonly counts: ArrayLike<number>;
  /** Bins of the left and of the right column. */
  readonly sides: readonly [number, number];
}

/** What two columns know of each other. */
export interface Shared {
  /** Mutual information of the bins, in nats: Σ p(x, y) ln(p(x, y) / (p(x) p(y))). */
  readonly information: number;
  /** The same less what chance alone makes of so few rows, (kₓ − 1)(k_y − 1) / 2n; never below 0. */
  readonly corrected: number;
  /** The entropies of the left and of the right column. */
  readonly entropies: readonly [number, number];
}

/**
 * The mutual information of two columns, from their joint counts.
 *
 * Nothing is known of no rows: all is 0. The correction is the first term of the bias of the plug-in estimate,
 * https://doi.org/10.1162/089976603321780272 (Paninski 2003, after Miller 1955).
 */
export function shared({ counts, sides: [rows, columns] }: Joint): Shared {
  const [left, right] = [new Float64Array(rows), new Float64Array(columns)];
  let n = 0;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const count = counts[i * columns + j]!;
      left[i]! += count;
      right[j]! += count;
      n += count;
    }
  if (n === 0) return { information: 0, corrected: 0, entropies: [0, 0] };
  let information = 0;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const count = counts[i * columns + j]!;
      if (count > 0) information += (count / n) * Math.log((count * n) / (left[i]! * right[j]!));
    }
  const used = (sums: Float64Array) => sums.reduce((sum, each) => sum + Number(each > 0), 0);
  const bias = ((used(left) - 1) * (used(right) - 1)) / (2 * n);
  information = Math.max(0, information);
  return {
    information,
    corrected: Math.max(0, information - bias),
    entropies: [entropy(left, n), entropy(right, n)],
  };
}

/** Joint counts with neighbouring bins put together, `by` at a time; the `special` ones at the end stay apart. */
export function coarser(joint: Joint, by: readonly [number, number], special: number): Joint {
  const to = joint.sides.map((side, i) => Math.ceil((side - special) / by[i]!)) as [number, number];
  const group = (bin: number, which: 0 | 1) => {
    const bins = joint.sides[which] - special;
    return bin < bins ? Math.floor(bin / by[which]) : to[which] + bin - bins;
  };
  const sides = [to[0] + special, to[1] + special] as const;
  const counts = new Float64Array(sides[0] * sides[1]);
  for (let i = 0; i < joint.sides[0]; i++)
    for (let j = 0; j < joint.sides[1]; j++)
      counts[group(i, 0) * sides[1] + group(j, 1)]! += joint.counts[i * joint.sides[1] + j]!;
  return { counts, sides };
}

/**
 * An order in which neighbours are related: a long path through the columns. Grown from the strongest pair at either end,
 * then mended by turning stretches round for as long as that helps.
 *
 * @param strength How related each two are, symmetric.
 * @returns Places in `strength`, each once.
 */
export function relatedOrder(strength: readonly (readonly number[])[]): number[] {
  const count = strength.length;
  if (count < 3) return [...strength.keys()];
  const between = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? 0 : strength[a]![b]!;
  let best = [0, 1];
  for (let i = 0; i < count; i++)
    for (let j = i + 1; j < count; j++) if (between(i, j) > between(best[0], best[1])) best = [i, j];
  const order = best;
  const left = new Set([...strength.keys()].filter((each) => !order.includes(each)));
  while (left.size) {
    let [next, gain, front] = [-1, -1, false];
    for (const each of left)
      for (const atFront of [false, true]) {
        const found = between(each, atFront ? order[0] : order.at(-1));
        if (found > gain) [next, gain, front] = [each, found, atFront];
      }
    if (front) order.unshift(next);
    else order.push(next);
    left.delete(next);
  }
  for (let better = true; better;) {
    better = false;
    for (let i = 0; i < count; i++)
      for (let j = i + 1; j < count; j++) {
        const now = between(order[i - 1], order[i]) + between(order[j], order[j + 1]);
        const then = between(order[i - 1], order[j]) + between(order[i], order[j + 1]);
        if (then <= now + 1e-12) continue;
        order.splice(i, j - i + 1, ...order.slice(i, j + 1).reverse());
        better = true;
      }
  }
  return order;
}

function entropy(sums: Float64Array, n: number): number {
  return sums.reduce((sum, each) => (each > 0 ? sum - (each / n) * Math.log(each / n) : sum), 0);
}
