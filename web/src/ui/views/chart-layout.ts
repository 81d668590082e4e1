import type { Scale, SlotCode, Tick } from "../../core/scale";
import { LOWER_SLOTS, Slot, SLOT_LABELS } from "../../core/scale";
import { textWidth } from "../parallel/text";

const FONT = "500 11.5px";
/** Pixels of a line of text, between a tick and its label, and between two labels side by side. */
const [LINE, NEAR, APART] = [16, 7, 10];
/** What lies between the foot of a side and its first lane. */
const STEP = 7;
/** What labels at the left may take of the width. */
const MOST_LEFT = 0.34;

/** One of the two sides of a chart. */
export interface Side {
  readonly label: string;
  readonly scale: Pick<Scale, "ticks">;
  /** Values beyond the scale that have a lane of their own. */
  readonly slots: readonly SlotCode[];
  /** Whether the foot stands where the head would: at the top, or at the right. */
  readonly turned?: boolean;
  /** Names of its own in place of the scale's ticks: where the marks are many, and each is told by its place. */
  readonly ticks?: readonly Tick[];
}

/** Where everything in a chart lies, in CSS pixels from its top left corner. */
export interface ChartFrame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** The pixel of a place: a position in [0, 1] or a slot. */
  readonly x: (place: number) => number;
  readonly y: (place: number) => number;
  /** The position at a pixel; beyond [0, 1] outside of the scale, a slot within a lane. */
  readonly atX: (pixel: number) => number;
  readonly atY: (pixel: number) => number;
  /** Half the width of a slot's lane across x. */
  readonly lane: number;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly xSlots: readonly SlotCode[];
  readonly ySlots: readonly SlotCode[];
}

/** Lays out a chart: lanes for what has no place on a scale, and room for the labels. */
export function layOutChart(width: number, height: number, x: Side, y: Side): ChartFrame {
  const laneWidth = Math.max(0, ...x.slots.map((slot) => textWidth(SLOT_LABELS[slot], FONT) + APART));
  const lanes = (side: Side) => ({
    lower: LOWER_SLOTS.filter((slot) => side.slots.includes(slot)),
    upper: side.slots.includes(Slot.PositiveInfinity),
  });
  const [across, up] = [lanes(x), lanes(y)];
  const top = 24 + (up.upper ? LINE + STEP : 0);
  const bottom = Math.max(top + 20, height - 38 - up.lower.length * LINE - (up.lower.length ? STEP : 0));
  const length = bottom - top;
  const yTicks = [...(y.ticks ?? y.scale.ticks(length))];
  const labels = [...yTicks.map((tick) => tick.label), ...y.slots.map((slot) => SLOT_LABELS[slot])];
  const widest = Math.max(18, ...labels.map((label) => textWidth(label, FONT)));
  const names = Math.min(widest, Math.max(40, MOST_LEFT * width)) + NEAR + 8;
  const left = names + across.lower.length * laneWidth;
  const right = Math.max(left + 20, width - 18 - (across.upper ? laneWidth : 0));
  const slotX = (slot: number) =>
    slot === Slot.PositiveInfinity
      ? right + laneWidth / 2
      : left - (across.lower.indexOf(slot as SlotCode) + 0.5) * laneWidth;
  const slotY = (slot: number) =>
    slot === Slot.PositiveInfinity
      ? top - STEP - LINE / 2
      : bottom + STEP + (up.lower.indexOf(slot as SlotCode) + 0.5) * LINE;
  const turn = (place: number, side: Side) => (side.turned ? 1 - place : place);
  const shown = (spread: readonly Tick[]) =>
    spread.filter((tick) => tick.position >= -1e-9 && tick.position <= 1 + 1e-9);
  return {
    width,
    height,
    left,
    right,
    top,
    bottom,
    lane: laneWidth / 2,
    x: (place) => (place > 1.5 ? slotX(place) : left + turn(place, x) * (right - left)),
    y: (place) => (place > 1.5 ? slotY(place) : bottom - turn(place, y) * length),
    atX: (pixel) =>
      x.slots.find((slot) => Math.abs(pixel - slotX(slot)) <= laneWidth / 2) ??
      Math.min(1.2, turn((pixel - left) / (right - left), x)),
    atY: (pixel) =>
      y.slots.find((slot) => Math.abs(pixel - slotY(slot)) <= LINE / 2) ??
      Math.min(1.2, turn((bottom - pixel) / length, y)),
    xTicks: shown(spaced([...(x.ticks ?? x.scale.ticks((right - left) / 2))], left, right, x.turned ?? false, width)),
    yTicks: shown(yTicks),
    xSlots: x.slots,
    ySlots: y.slots,
  };
}

/** Of ticks side by side those keep their names that have room: the two ends first, then from the foot on. */
function spaced(ticks: readonly Tick[], left: number, right: number, turned: boolean, width: number): Tick[] {
  const at = ({ position }: Tick) => left + (turned ? 1 - position : position) * (right - left);
  const taken: [number, number][] = [];
  const kept = new Set<Tick>();
  const named = ticks.filter((tick) => tick.label).sort((a, b) => at(a) - at(b));
  const ends = [named[0], named.at(-1)].filter((tick) => tick !== undefined);
  for (const tick of [...ends, ...named]) {
    if (kept.has(tick)) continue;
    const half = Math.min(textWidth(tick.label, FONT), 120) / 2 + APART / 2;
    const middle = Math.min(width - half, Math.max(half, at(tick)));
    const [from, to] = [middle - half, middle + half];
    if (taken.some(([a, b]) => from < b && to > a)) continue;
    taken.push([from, to]);
    kept.add(tick);
  }
  return ticks.map((tick) => (kept.has(tick) ? tick : { ...tick, label: "" }));
}
