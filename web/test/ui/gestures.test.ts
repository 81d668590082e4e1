import { describe, expect, test } from "vitest";
import type { Brush } from "../../src/core/brush";
import type { SlotCode } from "../../src/core/scale";
import { categoryScale } from "../../src/core/category-scale";
import { makeScale, Slot } from "../../src/core/scale";
import { summarize } from "../../src/engine/summary";
import type { AxisContext } from "../../src/ui/parallel/gestures";
import { click, drag, gripAt } from "../../src/ui/parallel/gestures";
import { layOut, LEAST_SIDES, nearestAxis } from "../../src/ui/parallel/geometry";
import { names, numbers } from "../helpers";

const slots: SlotCode[] = [Slot.NaN, Slot.Missing];
const geometry = layOut(1000, 500, { gaps: [null, null, null, null], slots: new Set(slots) });
const { head, foot } = geometry;
const y = (position: number) => foot + position * (head - foot);

function axis(brushes: readonly Brush[] = [], more: Partial<AxisContext> = {}): AxisContext {
  const scale = makeScale("linear", [summarize("x", numbers([0, 100]))], null);
  return { geometry, scale, categories: null, inverted: false, slots, brushes, ...more };
}

const range = (low: number, high: number): Brush => ({
  kind: "range",
  range: [expect.closeTo(low), expect.closeTo(high)] as unknown as [number, number],
});

describe("a drag", () => {
  test("makes a brush, whichever way it goes", () => {
    expect(drag(y(0.2), y(0.6), null, false, axis())).toEqual([range(20, 60)]);
    expect(drag(y(0.6), y(0.2), null, false, axis())).toEqual([range(20, 60)]);
  });

  test("on an inverted axis means the values under the hand", () => {
    expect(drag(y(0.2), y(0.6), null, false, axis([], { inverted: true }))).toEqual([range(40, 80)]);
  });

  test("takes the place of what was brushed, or with Shift joins it", () => {
    const before: Brush[] = [{ kind: "range", range: [1, 2] }];
    expect(drag(y(0.2), y(0.6), null, false, axis(before))).toHaveLength(1);
    expect(drag(y(0.2), y(0.6), null, true, axis(before))).toEqual([before[0], range(20, 60)]);
  });

  test("into the gutters takes them in", () => {
    const brushes = drag(y(0.1), geometry.slots[Slot.Missing - 2]! + 2, null, false, axis());
    expect(brushes).toEqual([range(0, 10), { kind: "slot", slot: Slot.NaN }, { kind: "slot", slot: Slot.Missing }]);
  });

  test("of a brush's body moves it, at most to the end of the axis", () => {
    const held = axis([{ kind: "range", range: [20, 40] }]);
    const grip = gripAt(y(0.3), held);
    expect(grip?.part).toBe("body");
    expect(drag(y(0.3), y(0.5), grip, false, held)).toEqual([range(40, 60)]);
    expect(drag(y(0.3), y(2), grip, false, held)).toEqual([range(80, 100)]);
  });

  test("of a brush's end resizes it, past its other end too", () => {
    const held = axis([{ kind: "range", range: [20, 40] }]);
    const grip = gripAt(y(0.4) + 3, held);
    expect(grip?.part).toBe("head");
    expect(drag(y(0.4), y(0.7), grip, false, held)).toEqual([range(20, 70)]);
    expect(drag(y(0.4), y(0.1), grip, false, held)).toEqual([range(10, 20)]);
  });
});

describe("a click", () => {
  test("on a brush clears it, on the axis clears all", () => {
    const held = axis([
      { kind: "range", range: [20, 40] },
      { kind: "range", range: [60, 80] },
    ]);
    expect(click(y(0.3), held)).toEqual([held.brushes[1]]);
    expect(click(y(0.5), held)).toEqual([]);
  });

  test("on a gutter chooses it, and again lets it go", () => {
    const at = geometry.slots[Slot.NaN - 2]!;
    const chosen = click(at, axis());
    expect(chosen).toEqual([{ kind: "slot", slot: Slot.NaN }]);
    expect(click(at, axis(chosen))).toEqual([]);
  });

  test("on categories toggles them; neighbours share a brush", () => {
    const vector = names(["a", "b", "c", "d"]);
    const scale = categoryScale(vector.categories!, summarize("k", vector));
    const of = (brushes: readonly Brush[]) => axis(brushes, { scale, categories: vector.categories, slots: [] });
    let brushes = click(y(scale.position(0)), of([]));
    brushes = click(y(scale.position(3)), of(brushes));
    brushes = click(y(scale.position(1)), of(brushes));
    expect(brushes).toEqual([
      { kind: "values", values: ["a", "b"] },
      { kind: "values", values: ["d"] },
    ]);
    expect(click(y(scale.position(1)), of(brushes))).toEqual([
      { kind: "values", values: ["a"] },
      { kind: "values", values: ["d"] },
    ]);
  });
});

const even = (axes: number) => ({ gaps: Array<null>(axes).fill(null), slots: new Set<SlotCode>() });

test("axes that would stand too close make the plot wider than the window", () => {
  expect(layOut(600, 400, even(40)).width).toBeGreaterThan(2500);
  expect(layOut(1400, 400, even(6)).width).toBe(1400);
});

test("a distance that a person set holds, and the others share what is left", () => {
  const { xs, width } = layOut(1000, 400, { gaps: [null, null, 300, null], slots: new Set() });
  expect(xs[2]! - xs[1]!).toBe(300);
  expect(xs[1]! - xs[0]!).toBeCloseTo(xs[3]! - xs[2]!);
  expect(width).toBe(1000);
  expect(xs[3]).toBeCloseTo(1000 - LEAST_SIDES.right);
  expect(layOut(1000, 400, { gaps: [null, 900, 900], slots: new Set() }).width).toBeGreaterThan(1800);
});

test("the nearest axis is found among uneven ones", () => {
  expect([0, 55, 75, 1000].map((x) => nearestAxis(x, [10, 100, 140, 600]))).toEqual([0, 0, 1, 3]);
});

test("distances that a person set do not make the plot a hair wider than its window", () => {
  for (let width = 700; width < 1500; width += 13)
    expect(layOut(width, 400, { gaps: [null, null, width / 7.3, null, null], slots: new Set() }).width).toBe(width);
});
