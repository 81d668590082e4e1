import { describe, expect, test } from "vitest";
import type { Brush } from "../../src/core/brush";
import { brushBetween, extent, fromFilter, toFilter } from "../../src/core/brush";
import { predicate } from "../../src/core/filter";
import { categoryScale } from "../../src/core/category-scale";
import { makeScale, Slot } from "../../src/core/scale";
import { summarize } from "../../src/engine/summary";
import { names, numbers } from "../helpers";

const vector = numbers([1, 3, 10, 30, 100]);
const log = makeScale("log", [summarize("x", vector)], null);
const kinds = names(["a", "b", "c", "d"]);
const category = categoryScale(kinds.categories!, summarize("k", kinds));

describe("a brush", () => {
  test("over the whole axis holds every value, the ends to the last bit", () => {
    const awkward = numbers([0.1 + 0.2, 1 / 3, 7e-310, 12.180000000000001]);
    const scale = makeScale("log", [summarize("x", awkward)], null);
    const passes = predicate(toFilter([brushBetween(-0.1, 1.1, scale, null)!], NaN)!, awkward);
    expect([0, 1, 2, 3].map(passes)).toEqual([true, true, true, true]);
  });

  test("lies where it was drawn", () => {
    const [foot, head] = extent(brushBetween(0.25, 0.75, log, null)!, log, null)!;
    expect(foot).toBeCloseTo(0.25);
    expect(head).toBeCloseTo(0.75);
  });

  test("takes the categories it covers, and only those", () => {
    expect(brushBetween(0.5, 1, category, kinds.categories)).toEqual({ kind: "values", values: ["a", "b"] });
    expect(brushBetween(0.3, 0.32, category, kinds.categories)).toEqual({ kind: "values", values: ["c"] });
    expect(extent({ kind: "values", values: ["b"] }, category, kinds.categories)).toEqual([0.5, 0.75]);
  });

  test("off the axis lies at its end, and a category that is gone nowhere", () => {
    expect(extent({ kind: "range", range: [1000, 2000] }, log, null)).toEqual([1, 1]);
    expect(extent({ kind: "range", range: [-2, 0] }, log, null)).toEqual([0, 0]);
    expect(extent({ kind: "values", values: ["gone"] }, category, kinds.categories)).toBeNull();
  });

  test("of a range that starts at or below zero starts at the foot of a log axis", () => {
    expect(extent({ kind: "range", range: [-5, 10] }, log, null)![0]).toBe(0);
  });
});

describe("a filter", () => {
  test("says what the brushes say, and back", () => {
    const brushes: Brush[] = [
      { kind: "range", range: [1, 2] },
      { kind: "range", range: [5, 9] },
      { kind: "slot", slot: Slot.NaN },
      { kind: "slot", slot: Slot.PositiveInfinity },
      { kind: "slot", slot: Slot.NegativeInfinity },
      { kind: "slot", slot: Slot.Missing },
    ];
    expect(fromFilter(toFilter(brushes, 0)!)).toEqual(brushes);
  });

  test("of no brush is none", () => expect(toFilter([], 0)).toBeNull());

  test("of the gutter below a log axis is everything from the least value to zero", () => {
    expect(toFilter([{ kind: "slot", slot: Slot.NonPositive }], -7)!.ranges).toEqual([[-7, 0]]);
  });
});
