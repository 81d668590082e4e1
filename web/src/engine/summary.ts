import type { Summary, Vector } from "../core/column";
import { isPresent } from "../core/column";

/** Describes a column in one pass and a sort of its finite values. */
export function summarize(name: string, vector: Vector): Summary {
  const { values } = vector;
  const rows = values.length;
  const counts = { missing: 0, nan: 0, positiveInfinity: 0, negativeInfinity: 0, nonPositive: 0 };
  let [min, max, minPositive] = [Infinity, -Infinity, Infinity];
  let integer = true;
  const finite = new Float64Array(rows);
  let present = 0;
  for (let i = 0; i < rows; i++) {
    const value = values[i]!;
    if (!isPresent(vector, i)) counts.missing++;
    else if (Number.isNaN(value)) counts.nan++;
    else if (value === Infinity) counts.positiveInfinity++;
    else if (value === -Infinity) counts.negativeInfinity++;
    else {
      finite[present++] = value;
      if (value < min) min = value;
      if (value > max) max = value;
      if (value > 0 && value < minPositive) minPositive = value;
      if (value <= 0) counts.nonPositive++;
      if (integer && !Number.isInteger(value)) integer = false;
    }
  }
  const nothing = present === 0;
  return {
    name,
    rows,
    ...counts,
    min: nothing ? NaN : min,
    max: nothing ? NaN : max,
    minPositive: minPositive === Infinity ? NaN : minPositive,
    integer: integer && !nothing,
    quantiles: vector.categories ? [] : quantiles(finite.subarray(0, present).sort()),
    categories: vector.categories ? frequencies(vector, finite.subarray(0, present)) : [],
  };
}

function quantiles(sorted: Float64Array): number[] {
  if (sorted.length === 0) return [];
  return [0, 0.25, 0.5, 0.75, 1].map((q) => {
    const at = q * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
    return below + (at - Math.floor(at)) * (above - below);
  });
}

function frequencies(vector: Vector, codes: Float64Array): [number, number][] {
  const counts = new Uint32Array(vector.categories!.length);
  for (const code of codes) counts[code]!++;
  return [...counts].map((count, code): [number, number] => [code, count]).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}
