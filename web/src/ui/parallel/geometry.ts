import type { SlotCode } from "../../core/scale";
import { LOWER_SLOTS, Slot } from "../../core/scale";

/** Pixels between the foot of an axis and its first gutter, and between gutters. */
const LANE = 19;
const LABELS = 62;
/** What a tick's label keeps from its axis, and from whatever stands to its left. */
export const TICK = { near: 9, far: 6 };
/** What the outer axes leave beside them, in CSS pixels. */
export interface Sides {
  readonly left: number;
  readonly right: number;
}
export const LEAST_SIDES: Sides = { left: 72, right: 44 };
/** Axes closer than this cannot be read; the plot scrolls sideways instead. */
const LEAST_SPACING = 76;

/** Where everything in the parallel plot lies, in CSS pixels from its top left corner. */
export interface Geometry {
  /** The whole width, that beyond the visible part included. */
  readonly width: number;
  readonly height: number;
  readonly head: number;
  readonly foot: number;
  /** The y of every slot, from `Slot.PositiveInfinity` on; those that no axis uses lie with the foot. */
  readonly slots: readonly number[];
  readonly first: number;
  readonly spacing: number;
}

/**
 * Lays the plot out.
 *
 * @param used The slots that any of the axes needs.
 * @param direction Whether to leave room below for the way the current runs.
 * @param sides What the labels of the outer axes need.
 */
export function layOut(
  width: number,
  height: number,
  axes: number,
  used: ReadonlySet<SlotCode>,
  direction: boolean,
  sides: Sides = LEAST_SIDES,
): Geometry {
  const head = LABELS + (used.has(Slot.PositiveInfinity) ? LANE : 0);
  const lower = LOWER_SLOTS.filter((slot) => used.has(slot));
  const foot = Math.max(head + 40, height - (direction ? 36 : 18) - lower.length * LANE);
  const slots = [2, 3, 4, 5, 6].map((slot) => {
    if (slot === Slot.PositiveInfinity) return head - LANE;
    const lane = lower.indexOf(slot as SlotCode);
    return lane < 0 ? foot : foot + (lane + 1) * LANE;
  });
  const gaps = Math.max(1, axes - 1);
  const room = width - sides.left - sides.right;
  const spacing = axes < 2 ? 0 : Math.max(LEAST_SPACING, room / gaps);
  return {
    width: Math.max(width, sides.left + sides.right + spacing * (axes - 1)),
    height,
    head,
    foot,
    slots,
    first: axes < 2 ? width / 2 : sides.left,
    spacing,
  };
}

/** The y of a position in [0, 1], or of a slot. */
export function yOf(place: number, flip: number, g: Pick<Geometry, "head" | "foot" | "slots">): number {
  if (place > 1) return g.slots[place - 2]!;
  return g.foot + (place + flip * (1 - 2 * place)) * (g.head - g.foot);
}

/** The position at a y; beyond [0, 1] above the head or below the foot. */
export function positionAt(y: number, inverted: boolean, g: Pick<Geometry, "head" | "foot">): number {
  const position = (y - g.foot) / (g.head - g.foot);
  return inverted ? 1 - position : position;
}
