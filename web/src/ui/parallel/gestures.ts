import type { Brush } from "../../core/brush";
import { brushBetween, extent, neighbourhoods, valuesOf } from "../../core/brush";
import type { Scale, SlotCode } from "../../core/scale";
import type { Geometry } from "./geometry";
import { positionAt, yOf } from "./geometry";

/** An axis as a gesture needs to know it. */
export interface AxisContext {
  readonly geometry: Geometry;
  readonly scale: Scale;
  readonly categories: readonly string[] | null;
  readonly inverted: boolean;
  readonly slots: readonly SlotCode[];
  readonly brushes: readonly Brush[];
}

/** How near to the end of a brush a press takes hold of it, by a pointer and by a finger. */
const GRIP = 7;
export const FINGER = 14;
/** A press that moves less is a click. */
export const CLICK = 4;

type Grip = {
  readonly index: number;
  readonly part: "head" | "foot" | "body";
  readonly extent: readonly [number, number];
};

/**
 * What lies under a press: a brush, and which part of it.
 *
 * @param reach How near to its end: a finger covers more than a pointer.
 */
export function gripAt(y: number, axis: AxisContext, reach = GRIP): Grip | null {
  const grips = axis.brushes.flatMap((brush, index): Grip[] => {
    const span = extent(brush, axis.scale, axis.categories);
    if (!span) return [];
    const [a, b] = span.map((p) => yOf(Math.min(1, Math.max(0, p)), Number(axis.inverted), axis.geometry)) as [
      number,
      number,
    ];
    // Half of what lies within is left to its body, so that a short brush can still be moved.
    const inside = Math.min(reach, Math.abs(b - a) / 4);
    const near = (end: number, other: number) => {
      const out = (y - end) * Math.sign(end - other || 1);
      return out <= reach && out >= -inside;
    };
    if (near(b, a)) return [{ index, part: "head", extent: span }];
    if (near(a, b)) return [{ index, part: "foot", extent: span }];
    return y > Math.min(a, b) && y < Math.max(a, b) ? [{ index, part: "body", extent: span }] : [];
  });
  return grips[0] ?? null;
}

/**
 * The brushes of an axis after a drag.
 *
 * @param add Keep what is brushed already (Shift) instead of starting anew.
 */
export function drag(from: number, to: number, grip: Grip | null, add: boolean, axis: AxisContext): readonly Brush[] {
  const at = (y: number) => positionAt(y, axis.inverted, axis.geometry);
  if (!grip) {
    const made = [...slotsBetween(from, to, axis)];
    const ranged = brushBetween(at(from), at(to), axis.scale, axis.categories);
    const { head, foot } = axis.geometry;
    if (ranged && Math.max(from, to) > head && Math.min(from, to) < foot) made.unshift(ranged);
    return add ? [...axis.brushes, ...made] : made;
  }
  const shift = at(to) - at(from);
  let [foot, head] = grip.extent;
  if (grip.part === "body") {
    // A brush pushed against an end stops there and keeps its length.
    const bounded = Math.min(1 - head, Math.max(-foot, shift));
    [foot, head] = [foot + bounded, head + bounded];
  } else if (grip.part === "head") head += shift;
  else foot += shift;
  const moved = brushBetween(foot, head, axis.scale, axis.categories);
  return axis.brushes.flatMap((brush, i) => (i === grip.index ? (moved ? [moved] : []) : [brush]));
}

/** The lower end of a brush, or the upper, upright as the values are. */
export type End = "foot" | "head";

/**
 * The brushes of an axis after one end of a brush moved by some steps, as by keys. It never passes the other end.
 *
 * @param steps Hundredths of the axis; categories or, where those are coarser, whole numbers; ±∞ goes as far as it goes.
 * @param integer Whether the column holds whole numbers only.
 */
export function nudge(index: number, end: End, steps: number, axis: AxisContext, integer: boolean): readonly Brush[] {
  const { scale, categories } = axis;
  const brush = axis.brushes[index];
  const span = brush && extent(brush, scale, categories);
  if (!brush || !span) return axis.brushes;
  let [foot, head] = span;
  let moved: Brush | null;
  if (brush.kind === "range") {
    let [low, high] = brush.range;
    const [least, most] = scale.extent;
    const old = end === "foot" ? Math.max(low, least) : Math.min(high, most);
    const place = (end === "foot" ? foot : head) + 0.01 * steps;
    let value = place <= 0 ? least : place >= 1 ? most : scale.invert(place);
    if (integer && Number.isFinite(steps)) {
      value = Math.round(value);
      if ((value - old) * steps <= 0) value = old + Math.sign(steps);
    }
    value = Math.min(most, Math.max(least, value));
    if (end === "foot") low = Math.min(value, high);
    else high = Math.max(value, low);
    moved = { kind: "range", range: [low, high] };
  } else {
    const one = 1 / Math.max(1, categories?.length ?? 1);
    const by = one * (Math.abs(steps) === 10 ? Math.sign(steps) * Math.max(1, Math.round(0.1 / one)) : steps);
    if (end === "foot") foot = Math.min(head - one, Math.max(0, foot + by));
    else head = Math.max(foot + one, Math.min(1, head + by));
    moved = brushBetween(foot, head, scale, categories);
  }
  return axis.brushes.flatMap((other, i) => (i !== index ? [other] : moved ? [moved] : []));
}

/** The brushes of an axis after a click: it clears the brush it hits, and toggles a category or a slot. */
export function click(y: number, axis: AxisContext): readonly Brush[] {
  const slot = slotsBetween(y - 9, y + 9, axis)[0];
  if (slot) {
    const others = axis.brushes.filter(
      (brush) => !(brush.kind === "slot" && slot.kind === "slot" && brush.slot === slot.slot),
    );
    return others.length < axis.brushes.length ? others : [...others, slot];
  }
  if (axis.categories && axis.scale.name === "category")
    return toggleCategory(axis.categories[axis.scale.invert(positionAt(y, axis.inverted, axis.geometry))], axis);
  const grip = gripAt(y, axis);
  return grip ? axis.brushes.filter((_, i) => i !== grip.index) : [];
}

function toggleCategory(name: string | undefined, axis: AxisContext): readonly Brush[] {
  if (name === undefined) return axis.brushes;
  const chosen = valuesOf(axis.brushes);
  if (!chosen.delete(name)) chosen.add(name);
  return [
    ...axis.brushes.filter((brush) => brush.kind === "slot"),
    ...neighbourhoods(chosen, axis.scale, axis.categories!),
  ];
}

function slotsBetween(from: number, to: number, axis: AxisContext): Brush[] {
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  return axis.slots
    .filter((slot) => axis.geometry.slots[slot - 2]! >= low && axis.geometry.slots[slot - 2]! <= high)
    .map((slot) => ({ kind: "slot", slot }));
}
