import { describe, expect, test } from "vitest";
import { brushBetween, neighbourhoods, toFilter } from "../../src/core/brush";
import type { CategoryOrder } from "../../src/core/category-scale";
import { predicate } from "../../src/core/filter";
import { categoryScale } from "../../src/core/category-scale";
import { defaultScale, makeScale, positions, possibleScales, Slot } from "../../src/core/scale";
import { summarize } from "../../src/engine/summary";
import { info, names, numbers } from "../helpers";

const scaleOf = (kind: "linear" | "log" | "time", values: number[]) =>
  makeScale(kind, [summarize("x", numbers(values))], null);

describe("a scale", () => {
  test("puts the ends of its domain at 0 and 1", () => {
    for (const kind of ["linear", "log"] as const) {
      const scale = scaleOf(kind, [2, 5, 50]);
      expect([2, 50].map((v) => scale.position(v))).toEqual([0, 1]);
    }
  });

  test("inverts what it maps", () => {
    for (const kind of ["linear", "log", "time"] as const) {
      const scale = scaleOf(kind, [0.001, 1e4]);
      for (const value of [0.001, 0.5, 3, 777, 1e4])
        expect(scale.invert(scale.position(value)) / value).toBeCloseTo(1, 9);
    }
  });

  test("gives what has no place on it a slot of its own", () => {
    const vector = numbers([1, 10, NaN, Infinity, -Infinity, 0, -3, null]);
    const log = makeScale("log", [summarize("x", vector)], null);
    expect([...positions(vector, log)]).toEqual([
      0,
      1,
      Slot.NaN,
      Slot.PositiveInfinity,
      Slot.NegativeInfinity,
      Slot.NonPositive,
      Slot.NonPositive,
      Slot.Missing,
    ]);
    const linear = makeScale("linear", [summarize("x", vector)], null);
    expect(positions(vector, linear)[5]).toBeCloseTo(3 / 13);
  });

  test("survives the widest doubles and a constant column", () => {
    const wide = scaleOf("linear", [-1.7e308, 1.7e308]);
    expect([wide.position(-1.7e308), wide.position(0), wide.position(1.7e308)]).toEqual([0, 0.5, 1]);
    const constant = scaleOf("linear", [3, 3]);
    expect([constant.position(3), constant.invert(0.2)]).toEqual([0.5, 3]);
    expect(constant.ticks(300).map((tick) => tick.label)).toEqual(["3"]);
  });

  test("has no ticks and no domain trouble when every value is missing", () => {
    const vector = numbers([null, NaN]);
    const scale = makeScale("linear", [summarize("x", vector)], null);
    expect(scale.ticks(300)).toEqual([]);
    expect([...positions(vector, scale)]).toEqual([Slot.Missing, Slot.NaN]);
  });

  test("shares one domain among several columns", () => {
    const scale = makeScale("log", [summarize("a", numbers([1, 10])), summarize("b", numbers([0.1, 5]))], null);
    expect(scale.domain).toEqual([0.1, 10]);
  });

  test("lays categories out from the head down, evenly", () => {
    const vector = names(["relu", "tanh", "relu", "gelu"]);
    const scale = categoryScale(vector.categories!, summarize("x", vector));
    expect([0, 1, 2].map((i) => scale.position(i))).toEqual([5 / 6, 0.5, 1 - 2.5 / 3]);
    expect([0, 1, 2].map((i) => scale.invert(scale.position(i)))).toEqual([0, 1, 2]);
    expect(scale.ticks(300).map((tick) => tick.label)).toEqual(["relu", "tanh", "gelu"]);
  });
});

describe("ticks", () => {
  test.each([
    ["linear", [0, 17]],
    ["linear", [12.18, 512.6]],
    ["log", [1e-9, 3e5]],
    ["log", [0.93, 18.2]],
    ["log", [1, 1.5]],
    ["linear", [1.00001, 1.00002]],
    ["linear", [1_700_000_001, 1_700_000_009]],
  ] as const)("of a %s axis from %o name both ends and never touch", (kind, domain) => {
    for (const length of [80, 200, 420, 900]) {
      const labelled = scaleOf(kind, [...domain])
        .ticks(length)
        .filter((tick) => tick.label)
        .sort((a, b) => a.position - b.position);
      expect(labelled[0]!.value).toBe(domain[0]);
      expect(labelled.at(-1)!.value).toBe(domain[1]);
      expect(new Set(labelled.map((tick) => tick.label)).size).toBe(labelled.length);
      for (let i = 1; i < labelled.length; i++)
        expect((labelled[i]!.position - labelled[i - 1]!.position) * length).toBeGreaterThanOrEqual(13.99);
    }
  });

  test.each([
    [Date.UTC(2023, 11, 30), Date.UTC(2024, 1, 3, 5), "2023-12-30", "2024-02-03"],
    [Date.UTC(2024, 1, 3, 5, 7, 9), Date.UTC(2024, 1, 3, 9), "2024-02-03 05:07", "2024-02-03 09:00"],
    [Date.UTC(2024, 1, 3, 5, 7, 9), Date.UTC(2024, 1, 3, 5, 8), "2024-02-03 05:07:09", "2024-02-03 05:08:00"],
  ])("of times name both ends with their date", (from, to, first, last) => {
    const labels = scaleOf("time", [from, to])
      .ticks(400)
      .map((tick) => tick.label);
    expect([labels[0], labels.at(-1)]).toEqual([first, last]);
    expect(labels.length).toBeGreaterThan(4);
    expect(scaleOf("time", [from, from]).ticks(400)[0]!.label).toContain(first);
  });

  test("of whole numbers are whole", () => {
    expect(
      scaleOf("linear", [0, 3])
        .ticks(900)
        .every((tick) => Number.isInteger(tick.value)),
    ).toBe(true);
  });

  test("of a thousand categories name only as many as fit", () => {
    const vector = names(Array.from({ length: 1000 }, (_, i) => `c${i}`));
    const labelled = categoryScale(vector.categories!, summarize("x", vector))
      .ticks(300)
      .filter((tick) => tick.label);
    expect(labelled.length).toBeGreaterThan(5);
    expect(labelled.length).toBeLessThanOrEqual(22); // 300 px at 14 px a line, and one line more for the ends
  });
});

describe("the default scale", () => {
  const chosen = (values: (number | null)[]) => defaultScale(info("x"), summarize("x", numbers(values)));
  test("is log for three decades and for a crowd at the foot, else linear", () => {
    expect(chosen([1e-5, 1e-2])).toBe("log");
    expect(chosen([500, 100, 20, 14, 13, 12.5, 12.2, 12])).toBe("log");
    expect(chosen([1, 2, 3, 4, 5, 6, 7])).toBe("linear");
    expect(chosen([0, 1e-5, 1e5])).toBe("linear");
    expect(chosen([null, NaN])).toBe("linear");
    expect(chosen([1, 500, 999])).toBe("linear");
    expect(chosen([-1, 1e6])).toBe("linear");
    expect(chosen([1e-9, 1, Infinity, NaN, null])).toBe("log");
    expect(chosen([5, 5])).toBe("linear");
  });

  test("is linear for values spread evenly from near 0, however many decades they span", () => {
    const even = Array.from({ length: 1000 }, (_, i) => (i + 0.01) / 1000);
    expect(chosen(even)).toBe("linear");
    expect(chosen(even.map((u) => -Math.log(1 - u)))).toBe("linear");
    expect(chosen([1e-9, ...even.slice(200)])).toBe("linear");
    expect(chosen(even.map((u) => 10 ** (-5 + 4 * u)))).toBe("log");
    expect(chosen(even.map((u) => 500 * Math.exp(-40 * u) + 10))).toBe("log");
  });

  test("is what the column says, where it says so", () => {
    expect(defaultScale(info("x", "number", { scale: "log" }), summarize("x", numbers([1, 2])))).toBe("log");
  });

  test("is never log where nothing is positive", () => {
    expect(possibleScales(info("x"), summarize("x", numbers([-1, 0])))).toEqual(["linear", "symlog", "percentile"]);
  });
});

describe("a domain that a person typed", () => {
  const vector = numbers([-5, 1, 2, 3, 400]);
  const scale = makeScale("linear", [summarize("x", vector)], null, [0, 4]);

  test("rules the axis; what lies beyond stands at its ends", () => {
    expect(scale.domain).toEqual([0, 4]);
    expect([...positions(vector, scale)]).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });

  test("loses no row: a brush up to an end takes in what lies beyond it", () => {
    expect(scale.extent).toEqual([-5, 400]);
    const passes = predicate(toFilter([brushBetween(0.6, 1.1, scale, null)!], NaN)!, vector);
    expect([0, 1, 2, 3, 4].map(passes)).toEqual([false, false, false, true, true]);
  });

  test("gives a constant column an axis, and starts above 0 on a logarithm", () => {
    const constant = numbers([7, 7]);
    expect(makeScale("linear", [summarize("x", constant)], null, [0, 10]).position(7)).toBeCloseTo(0.7);
    expect(makeScale("log", [summarize("x", vector)], null, [-1, 4]).domain).toEqual([1, 4]);
    expect(makeScale("log", [summarize("x", vector)], null, [-9, -1]).domain).toEqual([1, 400]);
  });
});

describe("categories in an order", () => {
  const vector = names(["10", "9", "b", "9", "9", "b"]);
  const at = (order: CategoryOrder) => {
    const scale = categoryScale(vector.categories!, summarize("x", vector), order);
    const codes = [...vector.categories!.keys()].sort((a, b) => scale.position(b) - scale.position(a));
    expect(codes.map((code) => scale.invert(scale.position(code)))).toEqual(codes);
    return codes.map((code) => vector.categories![code]);
  };
  test("stand as recorded, by frequency, by name, or as a person put them", () => {
    expect(at("recorded")).toEqual(["10", "9", "b"]);
    expect(at("frequency")).toEqual(["9", "b", "10"]);
    expect(at("name")).toEqual(["9", "10", "b"]);
    expect(at(["b", "gone", "10"])).toEqual(["b", "10", "9"]);
  });

  test("are brushed by neighbourhood in that order", () => {
    const scale = categoryScale(vector.categories!, summarize("x", vector), ["b", "10", "9"]);
    expect(neighbourhoods(new Set(["9", "b", "10"]), scale, vector.categories!)).toHaveLength(1);
    expect(neighbourhoods(new Set(["9", "b"]), scale, vector.categories!)).toEqual([
      { kind: "values", values: ["b"] },
      { kind: "values", values: ["9"] },
    ]);
  });

  test("of a hundred and fifty thousand have no more ticks than an axis has room for", () => {
    const categories = Array.from({ length: 150_000 }, (_, i) => `user ${i}`);
    const many = { values: Uint32Array.from(categories.keys()), valid: null, categories };
    const scale = categoryScale(many.categories!, summarize("x", many));
    const start = performance.now();
    const ticks = scale.ticks(400);
    expect(performance.now() - start).toBeLessThan(50);
    expect(ticks.length).toBeGreaterThan(10);
    expect(ticks.length).toBeLessThan(40);
    const span = ticks.map((tick) => tick.position);
    expect(Math.max(...span) - Math.min(...span)).toBeGreaterThan(0.9);
  });
});
