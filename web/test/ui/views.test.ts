import { describe, expect, test } from "vitest";
import { isPresent } from "../../src/core/column";
import { predicate } from "../../src/core/filter";
import { toFilter } from "../../src/core/brush";
import { makeScale } from "../../src/core/scale";
import { smoothed } from "../../src/core/smooth";
import { summarize } from "../../src/engine/summary";
import type { Binning } from "../../src/engine/engine";
import { barOf, barsOf, below, brushesOf, cutting } from "../../src/ui/views/histogram";
import { bandsOf, cellAt, holds, marginOf } from "../../src/ui/views/heat";
import { parentsOf } from "../../src/ui/views/parents";
import { rowTicks } from "../../src/ui/views/row-labels";
import { bucketsFor, nearestIndex, valuesOf } from "../../src/ui/views/series-lines";
import { columnOrder, inSight, nextSort, placeColumns } from "../../src/ui/views/table-columns";
import { LongScroll, MOST_PIXELS } from "../../src/ui/views/table-scroll";
import { engineOf, info, messy, names, numbers, seeded } from "../helpers";

describe("smoothing", () => {
  test("is the weighted mean of all that came before, and a constant stays what it is", () => {
    const random = seeded(3);
    const values = Array.from({ length: 50 }, () => random() * 100);
    const got = smoothed(values, 0.8);
    values.forEach((_, k) => {
      const weights = values.slice(0, k + 1).map((_, i) => 0.8 ** (k - i));
      const sum = weights.reduce((total, weight, i) => total + weight * values[i]!, 0);
      expect(got[k]).toBeCloseTo(sum / weights.reduce((a, b) => a + b), 9);
    });
    smoothed([5, 5, 5], 0.99).forEach((value) => expect(value).toBeCloseTo(5, 12));
    expect([...smoothed(values, 0)]).toEqual(values);
  });
});

describe("histogram", () => {
  for (const scale of ["linear", "log", "symlog"] as const)
    test(`a ${scale} bar's brush selects the rows that it counts, to the last one`, async () => {
      const values = messy(seeded(7), 900);
      const vector = numbers(values);
      const engine = await engineOf({ a: vector, b: vector });
      const [summary] = await engine.describe(["a"]);
      const domain = [scale === "log" ? summary!.minPositive : summary!.min, summary!.max] as const;
      const binning: Binning = { column: "a", scale, domain };
      const cut = cutting(binning, summary!, null);
      const cube = await engine.cube({ pairs: [[binning, binning]], bins: cut.bins });
      const bars = barsOf(cut, info("a"), summary!, null, cube, cube);
      expect(bars.reduce((sum, bar) => sum + bar.all, 0)).toBe(900);
      for (const bar of bars) {
        const passes = predicate(toFilter([bar.brush], summary!.min)!, vector);
        expect([...values.keys()].filter(passes).length, bar.label).toBe(bar.all);
      }
      const drawn = makeScale(scale, [summary!], null);
      for (const row of values.keys()) {
        const found = bars[barOf(bars, cut, drawn, values[row] ?? 0, !isPresent(vector, row))]!;
        expect(predicate(toFilter([found.brush], summary!.min)!, vector)(row)).toBe(true);
      }
    });

  test("whole numbers have a bar each where they are few, and categories where they are not too many", async () => {
    const epochs = numbers(Array.from({ length: 90 }, (_, i) => i % 18));
    const many = names(Array.from({ length: 900 }, (_, i) => `run ${i % 700}`));
    const summary = summarize("a", epochs);
    const cut = cutting({ column: "a", scale: "linear", domain: [0, 17] }, summary, null);
    expect(cut).toMatchObject({ bins: 18, single: true });
    const engine = await engineOf({ a: epochs });
    const cube = await engine.cube({ pairs: [[cut.binning, cut.binning]], bins: 18 });
    expect(barsOf(cut, info("a"), summary, null, cube, cube).map(({ label, all }) => [label, all])).toEqual(
      Array.from({ length: 18 }, (_, i) => [String(i), 5]),
    );
    const other = await engineOf({ a: many });
    const [described] = await other.describe(["a"]);
    const coarse = cutting({ column: "a", scale: "category", domain: [0, 699] }, described!, described!.names);
    const counts = await other.cube({ pairs: [[coarse.binning, coarse.binning]], bins: coarse.bins });
    const bars = barsOf(coarse, info("a", "category"), described!, described!.names, counts, counts);
    expect(bars.length).toBe(240);
    for (const { brush, all } of bars) {
      const passes = predicate(toFilter([brush], 0)!, many);
      expect([...many.values.keys()].filter(passes).length).toBe(all);
    }
  });

  test("neighbouring bars become one range, and the next lower double is the next", () => {
    const bar = (low: number, high: number) =>
      ({
        label: "",
        place: [0, 1],
        value: 0,
        all: 0,
        chosen: 0,
        brush: { kind: "range", range: [low, high] },
      }) as const;
    expect(brushesOf([bar(0, 1), bar(1.5, 2)])).toEqual([{ kind: "range", range: [0, 2] }]);
    for (const value of [1, -1, 0, 1e-300, 123.456, -5e10]) {
      expect(below(value)).toBeLessThan(value);
      expect((below(value) + value) / 2 === below(value) || (below(value) + value) / 2 === value).toBe(true);
    }
  });
});

describe("heatmap", () => {
  test("cells are the means of the rows that they say, without gaps between steps that stand apart", async () => {
    const random = seeded(9);
    const rows = Array.from({ length: 600 }, (_, i) => ({
      step: 50 * (i % 20),
      layer: `block.${Math.floor(i / 20) % 6}.weight`,
      value: random(),
    }));
    const columns = {
      step: numbers(rows.map(({ step }) => step)),
      layer: names(rows.map(({ layer }) => layer)),
      value: numbers(rows.map(({ value }) => value)),
    };
    const engine = await engineOf(columns);
    const [step, layer, value] = await engine.describe(["step", "layer", "value"]);
    const [x, y]: [Binning, Binning] = [
      { column: "step", scale: "linear", domain: [0, 950] },
      { column: "layer", scale: "category", domain: [0, 5] },
    ];
    const color: Binning = { column: "value", scale: "linear", domain: [value!.min, value!.max] };
    const cube = await engine.cube({ pairs: [[y, x]], bins: 240, color });
    const across = bandsOf(x, info("step"), step!, null, marginOf(cube, 1)).bands;
    const up = bandsOf(y, info("layer", "category"), layer!, layer!.names, marginOf(cube, 0)).bands;
    expect(across.map(({ label }) => label)).toEqual(Array.from({ length: 20 }, (_, i) => String(50 * i)));
    across.slice(1).forEach((band, i) => expect(band.place[0]).toBeCloseTo(across[i]!.place[1], 9));
    for (const row of up)
      for (const column of across) {
        const inside = rows.filter((_, i) => holds(row, columns.layer, i) && holds(column, columns.step, i));
        const cell = cellAt(cube, row, column);
        expect(cell.count).toBe(inside.length);
        const mean = inside.reduce((sum, each) => sum + each.value, 0) / inside.length;
        const got = value!.min + cell.mean * (value!.max - value!.min);
        expect(Math.abs(got - mean)).toBeLessThan(1 / 240);
      }
  });

  test("a thousand layers are named by their modules, and no two names touch", () => {
    const layers = Array.from({ length: 1000 }, (_, i) => `transformer.h.${Math.floor(i / 25)}.part.${i % 25}.weight`);
    for (const length of [150, 400, 900]) {
      const named = rowTicks(layers, length).filter((tick) => tick.label);
      expect(named.length).toBeGreaterThan(0);
      const places = named.map((tick) => tick.position * length).sort((a, b) => a - b);
      places.slice(1).forEach((at, i) => expect(at - places[i]!).toBeGreaterThanOrEqual(13));
    }
    expect(rowTicks(layers, 900).some(({ label }) => label === "transformer.h.7")).toBe(true);
    expect(rowTicks(["a.b", "a.c"], 100).map(({ label }) => label)).toEqual(["a.b", "a.c"]);
  });
});

describe("series", () => {
  test("a whole number has a bucket of its own, and stands where it belongs", async () => {
    const steps = numbers(Array.from({ length: 400 }, (_, i) => 3 + ((i * 7) % 97)));
    const engine = await engineOf({ step: steps, y: numbers(Array.from({ length: 400 }, (_, i) => i)) });
    const [summary] = await engine.describe(["step"]);
    const width = bucketsFor(summary!, 640);
    expect(width).toBe(97);
    const [line] = await engine.series({ x: "step", y: "y", width });
    const x = valuesOf(line!, summary!, width);
    expect([...x]).toEqual(Array.from({ length: 97 }, (_, i) => 3 + i));
    x.forEach((value, i) => {
      const rows = [...steps.values.keys()].filter((row) => steps.values[row] === value);
      expect(line!.count[i]).toBe(rows.length);
      expect(line!.min[i]).toBe(Math.min(...rows));
      expect(line!.max[i]).toBe(Math.max(...rows));
    });
    expect(nearestIndex(x, 50.4)).toBe(47);
    expect(bucketsFor({ ...summary!, integer: false }, 640)).toBe(640);
  });
});

describe("lineage", () => {
  test("finds parents, in any order and in circles", () => {
    const own = names(["d", "a", "b", "c", "x", "y"]);
    const parents = parentsOf(own, names(["b", null, "a", "b", "y", "x"]));
    expect([...parents]).toEqual([2, -1, 1, 2, 5, 4]);
  });
});

describe("the table", () => {
  test("reaches every row of ten millions, by bar and by wheel", () => {
    const scroll = new LongScroll(10_000_000, 26, 300);
    expect([scroll.scaled, scroll.height]).toEqual([true, MOST_PIXELS]);
    const end = scroll.moved({ top: 0, scroll: 0 }, MOST_PIXELS - 300);
    expect(end.top).toBe(260_000_000 - 300);
    const middle = scroll.moved({ top: 0, scroll: 0 }, (MOST_PIXELS - 300) / 2);
    expect(middle.top).toBeCloseTo((260_000_000 - 300) / 2, 3);
    let place = scroll.to(130_000_000);
    for (let i = 0; i < 10; i++) place = scroll.by(place, 26);
    expect(place.top).toBe(130_000_260);
    expect(scroll.moved(place, place.scroll + 40).top).toBe(130_000_300);
    expect(scroll.by(place, Infinity).top).toBe(end.top);
    const short = new LongScroll(100, 26, 300);
    expect(short.moved({ top: 0, scroll: 0 }, 90)).toEqual({ top: 90, scroll: 90 });
  });

  test("columns stand pinned first, then as they were put, then as they come", () => {
    const choice = { sort: [], order: ["c", "a", "gone"], pinned: ["b"] };
    expect(columnOrder(["a", "b", "c", "d"], choice)).toEqual(["b", "c", "a", "d"]);
    const placed = placeColumns(["b", "c", "a"], [100, 100, 100], ["b"], 0);
    expect(placed.map(({ left }) => left)).toEqual([16, 116, 216]);
    expect(inSight(placed, 230, 260).map(({ name }) => name)).toEqual(["b", "a"]);
    expect(placeColumns(["a", "b"], [50, 50], [], 316).map(({ width }) => width)).toEqual([150, 150]);
  });

  test("a press sorts up, down and not at all; an added one decides between equals", () => {
    const up = nextSort([], "a", false);
    expect(up).toEqual([{ column: "a", descending: false }]);
    const down = nextSort(up, "a", false);
    expect(down).toEqual([{ column: "a", descending: true }]);
    expect(nextSort(down, "a", false)).toEqual([]);
    const both = nextSort(down, "b", true);
    expect(both).toEqual([...down, { column: "b", descending: false }]);
    expect(nextSort(both, "a", true)).toEqual([{ column: "b", descending: false }]);
    expect(nextSort(both, "a", false)).toEqual([{ column: "a", descending: false }]);
  });
});
