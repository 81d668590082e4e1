import { scaleUtc } from "d3-scale";
import { formatNumber, formatTime, formatWhole, powerOfTen } from "./format";

/** A mark on an axis. */
export interface Tick {
  readonly value: number;
  /** In [0, 1]. */
  readonly position: number;
  /** Empty for a minor tick. */
  readonly label: string;
}

/** A number on an axis whose numbers lie `step` apart: with digits enough that neighbours differ. */
export function tickLabel(value: number, step: number): string {
  const narrow = value !== 0 && step > 0 && Math.abs(value) / step >= 1e4;
  if (narrow && Number.isSafeInteger(value)) return formatWhole(value);
  if (narrow && Math.abs(value) < 1e6) {
    const digits = Math.min(12, Math.max(0, Math.ceil(-Math.log10(step))));
    return value.toFixed(digits).replace("-", "−");
  }
  return formatNumber(value);
}

/** A power of ten on a log axis. */
export function logLabel(value: number, exponent: number): string {
  return exponent >= -3 && exponent <= 4 ? formatNumber(value) : powerOfTen(exponent);
}

const MINUTE = 60_000;

/** Ticks of a time axis: its ends say the whole date, as finely as its span asks for; those between what changes. */
export function timeTicks(domain: [number, number], length: number): Tick[] {
  const scale = scaleUtc(domain, [0, 1]);
  const label = scale.tickFormat();
  const ticks = scale.ticks(Math.max(2, Math.round(length / 48)));
  const inner = ticks.map((date) => ({ value: date.getTime(), position: scale(date), label: label(date), rank: 0 }));
  const span = domain[1] - domain[0];
  const digits = span >= 3 * 24 * 60 * MINUTE ? 10 : span >= 10 * MINUTE ? 16 : span >= 10_000 ? 19 : 23;
  return withEnds(inner, domain, length, (value) => formatTime(value).slice(0, digits));
}

/** A tick that may lose its label to those of a lower rank. */
export interface Candidate extends Tick {
  /** 9 keeps its mark but is never named. */
  readonly rank: number;
}

/** Names ticks, lowest rank first, while there is room: a line of text is 14 px tall. */
export function named(candidates: readonly Candidate[], length: number): Tick[] {
  const taken: number[] = [];
  const labels = new Map<Candidate, string>();
  for (const tick of [...candidates].sort((a, b) => a.rank - b.rank)) {
    const room = tick.rank > 0 && tick.rank < 9 ? Math.max(14, length / 18) : 13.9;
    if (tick.rank === 9 || taken.some((other) => Math.abs(other - tick.position) * length < room)) continue;
    taken.push(tick.position);
    labels.set(tick, tick.label);
    if (taken.length * 14 > length + 14) break;
  }
  return candidates.map((tick) => ({ value: tick.value, position: tick.position, label: labels.get(tick) ?? "" }));
}

/** Adds the two ends of the domain, since a person asks for them first; ticks whose labels they would touch yield. */
export function withEnds(
  ticks: readonly Candidate[],
  domain: readonly [number, number],
  length: number,
  label: (value: number) => string,
): Tick[] {
  const ends = domain.map((value, i) => ({ value, position: i, label: label(value), rank: -1 }));
  const inner = ticks.filter((tick) => ends.every((end) => Math.abs(tick.position - end.position) * length >= 1));
  return named([ends[0]!, ...inner, ends[1]!], length);
}
