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
    min: nothing ? NaN : min,
    max: nothing ? NaN : max,
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
    return below + (place - Math.floor(place)) * (above - below);
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
  for (const value of finite) counts[bucket(value)]!++;
  const starts = new Map<number, number>();
  for (let k = 0, start = 0; k < counts.length; k++) {
    if (ranks.some((rank) => rank >= start && rank < start + counts[k]!)) starts.set(k, start);
    start += counts[k]!;
  }
  const members = new Map([...starts.keys()].map((k) => [k, new Float64Array(counts[k]!)] as const));
  const filled = new Map<number, number>();
  for (const value of finite) {
    const k = bucket(value);
    const group = members.get(k);
    if (!group) continue;
    const at = filled.get(k) ?? 0;
    group[at] = value;
    filled.set(k, at + 1);
  }
  const out = new Map<number, number>();
  for (const [k, start] of starts) {
    const group = members.get(k)!.sort();
    for (const rank of ranks) if (rank >= start && rank < start + group.length) out.set(rank, group[rank - start]!);
  }
  return out;
}

function frequencies(vector: Vector, codes: Float64Array): [number, number][] {
  const counts = new Uint32Array(vector.categories!.length);
  for (const code of codes) counts[code]!++;
  return [...counts].map((count, code): [number, number] => [code, count]).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}
