import type { Summary, Vector } from "../core/column";
import { isPresent } from "../core/column";

/** Describes a column in one pass, and three more over a part of it for the exact quantiles. */
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
    min: nothing ? NaN : min + 0, // −0 is 0
    max: nothing ? NaN : max + 0,
    minPositive: minPositive === Infinity ? NaN : minPositive,
    integer: integer && !nothing,
    quantiles: vector.categories ? [] : quantiles(finite.subarray(0, present)),
    names: vector.categories,
    categories: vector.categories ? frequencies(vector, finite.subarray(0, present)) : [],
  };
}

function quantiles(finite: Float64Array): number[] {
  if (finite.length === 0) return [];
  const places = [0, 0.25, 0.5, 0.75, 1].map((q) => q * (finite.length - 1));
  const wanted = [...new Set(places.flatMap((place) => [Math.floor(place), Math.ceil(place)]))];
  const found = atRanks(finite, wanted);
  return places.map((place) => {
    const [below, above] = [found.get(Math.floor(place))!, found.get(Math.ceil(place))!];
    const value = below + (place - Math.floor(place)) * (above - below);
    // The way between two huge numbers may be more than a number holds.
    return (Number.isFinite(value) ? value : below) + 0;
  });
}

/** The values at some ranks. Only the buckets that hold one, by the upper 16 bits as a float32, are sorted. */
function atRanks(finite: Float64Array, ranks: readonly number[]): Map<number, number> {
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  const bucket = (value: number) => {
    float[0] = value;
    const raw = bits[0]! >>> 16;
    return raw & 0x8000 ? 0xffff - raw : raw | 0x8000;
  };
  const counts = new Uint32Array(65_536);
  for (let i = 0; i < finite.length; i++) counts[bucket(finite[i]!)]!++;
  const groups: { readonly start: number; readonly members: Float64Array; filled: number }[] = [];
  // 0: no rank is in this bucket; else one more than its place in `groups`.
  const groupOf = new Uint8Array(65_536);
  const ascending = [...ranks].sort((a, b) => a - b);
  for (let k = 0, start = 0, next = 0; k < counts.length && next < ascending.length; k++) {
    const end = start + counts[k]!;
    if (ascending[next]! < end) groupOf[k] = groups.push({ start, members: new Float64Array(end - start), filled: 0 });
    while (next < ascending.length && ascending[next]! < end) next++;
    start = end;
  }
  for (let i = 0; i < finite.length; i++) {
    const place = groupOf[bucket(finite[i]!)]!;
    if (place === 0) continue;
    const group = groups[place - 1]!;
    group.members[group.filled++] = finite[i]!;
  }
  const out = new Map<number, number>();
  for (const { start, members } of groups) {
    members.sort();
    for (const rank of ranks) if (rank >= start && rank < start + members.length) out.set(rank, members[rank - start]!);
  }
  return out;
}

function frequencies(vector: Vector, codes: Float64Array): [number, number][] {
  const counts = new Uint32Array(vector.categories!.length);
  for (const code of codes) counts[code]!++;
  return [...counts].map((count, code): [number, number] => [code, count]).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}
