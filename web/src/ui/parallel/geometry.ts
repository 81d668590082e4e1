import type { SlotCode } from "../../core/scale";
import { LOWER_SLOTS, Slot } from "../../core/scale";

/** Pixels between the foot of an axis and its first gutter, and between gutters. */
const LANE = 19;
/** A line of an axis' name, and what stands around it. */
const NAME = { line: 15, above: 8, below: 20 };
/** The lane above the names for groups that are unfolded. */
const BRACKET = 22;
/** And the one for what unfolds those that are folded. */
const FOLDS = 21;
/** Below the axes: their grips, the way that the current runs, a row for each pinned line, a bar to scroll by. */
const GRIPS = 22;
const DIRECTION = 18;
export const PIN_ROW = 24;
const SCROLLBAR = 12;
/** What a tick's label keeps from its axis, and from whatever stands to its left. */
export const TICK = { near: 9, far: 6 };
/** What the outer axes leave beside them, in CSS pixels. */
export interface Sides {
  readonly left: number;
  readonly right: number;
}
export const LEAST_SIDES: Sides = { left: 72, right: 44 };
/** Axes closer than this cannot be read; the plot scrolls sideways instead. A person may have them a little closer. */
export const LEAST_SPACING = 76;
export const LEAST_GAP = 48;
export const MOST_GAP = 900;

/** What the plot has to find room for. */
export interface Needs {
  /** For every axis how far it stands from the one before it; null shares evenly what is left. The first one's says nothing. */
  readonly gaps: readonly (number | null)[];
  /** The slots that any of the axes needs. */
  readonly slots: ReadonlySet<SlotCode>;
  /** Whether to say which way the current runs. */
  readonly direction?: boolean;
  readonly sides?: Sides;
  /** Lines of the longest name. */
  readonly lines?: number;
  readonly brackets?: boolean;
  readonly folds?: boolean;
  readonly pins?: number;
}

/** Where everything in the parallel plot lies, in CSS pixels from its top left corner. */
export interface Geometry {
  /** The whole width, that beyond the visible part included. */
  readonly width: number;
  readonly height: number;
  readonly head: number;
  readonly foot: number;
  /** The y of every slot, from `Slot.PositiveInfinity` on; those that no axis uses lie with the foot. */
  readonly slots: readonly number[];
  /** The x of every axis. */
  readonly xs: readonly number[];
  /** Between axes whose distance nobody set. */
  readonly spacing: number;
  /** The middle of the lane of the axes' grips, of the direction's, and the top of the pinned lines' rows. */
  readonly grips: number;
  readonly direction: number;
  readonly pins: number;
  /** The top of the lane for unfolded groups. */
  readonly brackets: number;
  /** The top of the names, and their height. */
  readonly names: number;
  readonly nameHeight: number;
}

/** Lays the plot out. */
export function layOut(width: number, height: number, needs: Needs): Geometry {
  const {
    gaps,
    slots: used,
    direction = false,
    sides = LEAST_SIDES,
    lines = 2,
    brackets = false,
    folds = false,
    pins = 0,
  } = needs;
  const axes = gaps.length;
  const set = gaps.slice(1).filter((gap) => gap !== null);
  const open = Math.max(0, axes - 1 - set.length);
  const taken = set.reduce((sum, gap) => sum + gap, 0);
  const room = width - sides.left - sides.right - taken;
  const spacing = axes < 2 ? 0 : open ? Math.max(LEAST_SPACING, room / open) : taken / (axes - 1);
  let x = axes < 2 ? width / 2 : sides.left;
  const xs = gaps.map((gap, i) => (x += i === 0 ? 0 : (gap ?? spacing)));
  const whole = axes < 2 ? width : Math.max(width, Math.round(x + sides.right));

  const names = NAME.above + (brackets ? BRACKET : 0) + (folds ? FOLDS : 0);
  const nameHeight = NAME.line * Math.max(2, lines) + 12;
  const head = names + nameHeight + NAME.below - 12 + (used.has(Slot.PositiveInfinity) ? LANE : 0);
  const lower = LOWER_SLOTS.filter((slot) => used.has(slot));
  const bottom = height - (whole > width ? SCROLLBAR : 0) - (pins ? pins * PIN_ROW + 6 : 0);
  const foot = Math.max(head + 40, bottom - GRIPS - (direction ? DIRECTION : 0) - lower.length * LANE);
  const slots = [2, 3, 4, 5, 6].map((slot) => {
    if (slot === Slot.PositiveInfinity) return head - LANE;
    const lane = lower.indexOf(slot as SlotCode);
    return lane < 0 ? foot : foot + (lane + 1) * LANE;
  });
  return {
    width: whole,
    height,
    head,
    foot,
    slots,
    xs,
    spacing,
    grips: foot + lower.length * LANE + 13,
    direction: bottom - 11,
    pins: bottom,
    brackets: NAME.above - 2,
    names,
    nameHeight,
  };
}

/** The place of the axis that an x is nearest to. */
export function nearestAxis(x: number, xs: readonly number[]): number {
  let best = 0;
  xs.forEach((other, i) => {
    if (Math.abs(other - x) < Math.abs(xs[best]! - x)) best = i;
  });
  return best;
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
