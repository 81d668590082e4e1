import { describe, expect, test } from "vitest";
import type { Vector } from "../../src/core/column";
import { isPresent } from "../../src/core/column";
import type { ColumnFilters, Filters } from "../../src/core/filter";
import { EVERYTHING } from "../../src/core/filter";
import type { Binning } from "../../src/engine/engine";
import { engineOf, messy, names, numbers, seeded } from "../helpers";

const KINDS = ["relu", "tanh", "gelu", "</script>", null];

async function table(seed: number, rows: number) {
  const random = seeded(seed);
  const plain = {
    a: messy(random, rows),
    b: messy(random, rows),
    kind: Array.from({ length: rows }, () => KINDS[Math.floor(random() * KINDS.length)]!),
  };
  return { plain, engine: await engineOf({ a: numbers(plain.a), b: numbers(plain.b), kind: names(plain.kind) }) };
}

/** The filter's meaning, said again as plainly as can be. */
function passes(filters: Filters, row: Record<string, number | string | null>): boolean {
  const kept = (filters.steps ?? []).every(
    ({ action, columns, search }) => passes({ columns, ...(search ? { search } : {}) }, row) === (action === "keep"),
  );
  const found =
    !filters.search ||
    Object.values(row).some(
      (value) => value !== null && String(value).toLowerCase().includes(filters.search!.toLowerCase()),
    );
  return kept && found && Object.entries(filters.columns).every(([name, filter]) => passesColumn(filter, row[name]!));
}

function passesColumn(filter: ColumnFilters[string], value: number | string | null): boolean {
  if (value === null) return filter.missing ?? false;
  if (typeof value === "string") return filter.values?.includes(value) ?? false;
  if (Number.isNaN(value)) return filter.special?.includes("nan") ?? false;
  if (value === Infinity) return filter.special?.includes("+inf") ?? false;
  if (value === -Infinity) return filter.special?.includes("-inf") ?? false;
  return filter.ranges?.some(([low, high]) => low <= value && value <= high) ?? false;
}

const FILTERS: Filters[] = [
  EVERYTHING,
  { columns: { a: { ranges: [[0, 5]] } } },
  {
    columns: {
      a: {
        ranges: [
          [-3, -1],
          [2, 2],
        ],
        special: ["nan"],
        missing: true,
      },
    },
  },
  { columns: { a: { special: ["+inf", "-inf"] }, kind: { values: ["relu", "</script>"], missing: true } } },
  { columns: { kind: { values: [] } } },
  { columns: { b: { ranges: [[-Infinity, Infinity]] } } },
  { columns: {}, search: "SCRIPT" },
  { columns: { a: { ranges: [[0, 1e9]] } }, search: "1" },
  { columns: {}, steps: [{ action: "exclude", columns: { a: { ranges: [[0, 5]] } } }] },
  {
    columns: { b: { ranges: [[-10, 10]] } },
    steps: [
      { action: "keep", columns: { kind: { values: ["relu", "gelu"] } } },
      { action: "exclude", columns: { a: { ranges: [[-2, 2]], missing: true } }, search: "e" },
      { action: "keep", columns: {} },
    ],
  },
];

describe("select", () => {
  test.each(FILTERS.map((filters) => [JSON.stringify(filters), filters] as const))(
    "%s agrees with brute force",
    async (_, filters) => {
      const { plain, engine } = await table(1, 500);
      const wanted = plain.a.map((_, i) => passes(filters, { a: plain.a[i]!, b: plain.b[i]!, kind: plain.kind[i]! }));
      const { count, bits } = await engine.select(filters);
      expect(wanted.map((_, i) => ((bits[i >> 3]! >> (i & 7)) & 1) === 1)).toEqual(wanted);
      expect(count).toBe(wanted.filter(Boolean).length);
    },
  );

  test("an unknown column is an error that names it", async () => {
    await expect((await table(1, 3)).engine.select({ columns: { nope: {} } })).rejects.toThrow("“nope”");
  });
});

describe("rows", () => {
  test("pages through the sorted, filtered rows, those without a number last", async () => {
    const { plain, engine } = await table(2, 300);
    for (const descending of [false, true]) {
      const { ids, columns, total } = await engine.rows({
        columns: ["a", "kind"],
        filters: { columns: { kind: { values: ["relu", "gelu"] } } },
        order: [{ column: "a", descending }],
        offset: 10,
        limit: 50,
      });
      const wanted = plain.kind.flatMap((kind, i) => (kind === "relu" || kind === "gelu" ? [i] : []));
      expect(total).toBe(wanted.length);
      const key = (i: number) => (Number.isFinite(plain.a[i] ?? NaN) ? plain.a[i]! : NaN);
      const [known, unknown] = [
        wanted.filter((i) => !Number.isNaN(key(i))),
        wanted.filter((i) => Number.isNaN(key(i))),
      ];
      known.sort((x, y) => (descending ? key(y) - key(x) : key(x) - key(y)) || x - y);
      expect([...ids]).toEqual([...known, ...unknown].slice(10, 60));
      expect([...ids].map((_, i) => at(columns["a"]!, i))).toEqual([...ids].map((id) => plain.a[id]));
      expect([...ids].map((_, i) => at(columns["kind"]!, i))).toEqual([...ids].map((id) => plain.kind[id]));
    }
  });

  test("sorts text as people count: epoch 2 before epoch 10", async () => {
    const engine = await engineOf({ name: names(["epoch 10", "epoch 2", null, "Epoch 1"]) });
    const { ids } = await engine.rows({ columns: ["name"], order: [{ column: "name", descending: false }] });
    expect([...ids]).toEqual([3, 1, 0, 2]);
  });
});

describe("describe", () => {
  test("counts and measures what is there", async () => {
    const engine = await engineOf({
      x: numbers([3, 1, 2, 4, NaN, Infinity, -Infinity, null, -1]),
      k: names(["b", "a", "a", null, "b", "a", "c", "a", "a"]),
    });
    const [x, k] = await engine.describe(["x", "k"]);
    expect(x).toMatchObject({
      min: -1,
      max: 4,
      minPositive: 1,
      integer: true,
      missing: 1,
      nan: 1,
      positiveInfinity: 1,
      negativeInfinity: 1,
      nonPositive: 1,
      quantiles: [-1, 1, 2, 3, 4],
    });
    expect(k!.categories.map(([code, count]) => [k!.name && ["b", "a", "c"][code], count])).toEqual([
      ["a", 5],
      ["b", 2],
      ["c", 1],
    ]);
  });
});

describe("cube", () => {
  const a: Binning = { column: "a", scale: "linear", domain: [-10, 14] };
  const b: Binning = { column: "b", scale: "log", domain: [0.001, 1000] };
  const kind: Binning = { column: "kind", scale: "category", domain: [0, 3] };
  const bins = 8;

  /** The bin of a value by the rule of docs/protocol.md, said again as plainly as can be: for `a` and `b` alone. */
  function bin(axis: Binning, value: number | null, count: number): number {
    if (value === null) return count + 4;
    if (Number.isNaN(value)) return count + 3;
    if (value === -Infinity) return count + 2;
    if (value === Infinity) return count;
    if (axis.scale === "log" && value <= 0) return count + 1;
    const [low, high] = axis.domain;
    let found = 0;
    for (let k = 1; k < count; k++) {
      const edge =
        axis.scale === "log"
          ? 10 ** (Math.log10(low) + (Math.log10(high) - Math.log10(low)) * (k / count))
          : low + (high - low) * (k / count);
      if (value >= Number(edge.toExponential(axis.scale === "log" ? 9 : 11))) found = k;
    }
    return found;
  }

  test.each([8, 7, 60, 240])("agrees with brute force to the last count, in %d bins", async (bins) => {
    const { plain, engine } = await table(3, 2000);
    const filters: Filters = {
      columns: { kind: { values: ["relu", "tanh"] }, b: { ranges: [[-2, 3.5]], missing: true } },
    };
    const { side, counts } = await engine.cube({ pairs: [[a, b]], bins, filters });
    const wanted = new Uint32Array(side * side);
    plain.a.forEach((value, i) => {
      if (passes(filters, { kind: plain.kind[i]!, b: plain.b[i]! }))
        wanted[bin(a, value, bins) * side + bin(b, plain.b[i]!, bins)]!++;
    });
    expect([...counts[0]!]).toEqual([...wanted]);
  });

  test("knows every cell's colours: places for a number, shares for a category", async () => {
    const { plain, engine } = await table(6, 1500);
    const { side, colours } = await engine.cube({ pairs: [[a, kind]], bins, color: b });
    const byKind = await engine.cube({ pairs: [[a, b]], bins, color: kind });
    const place = new Float64Array(side * side);
    const known = new Float64Array(side * side);
    const relus = new Float64Array(side * side);
    plain.a.forEach((value, i) => {
      const cell = bin(a, value, bins) * side + (plain.kind[i] === null ? bins + 4 : codeOf(plain.kind, i));
      const fine = bin(b, plain.b[i]!, 240);
      if (fine < 240) {
        known[cell]!++;
        place[cell]! += (fine + 0.5) / 240;
      }
      if (codeOf(plain.kind, i) === 0 && plain.kind[i] !== null)
        relus[bin(a, value, bins) * side + bin(b, plain.b[i]!, bins)]!++;
    });
    known.forEach((count, cell) => {
      expect(colours[0]![2 * cell]).toBe(count);
      expect(colours[0]![2 * cell + 1]).toBeCloseTo(place[cell]!, 3);
      expect(byKind.colours[0]![8 * cell]).toBe(relus[cell]);
    });
  });

  test("a sample is a prefix of every shard's shuffled rows, and says its share", async () => {
    const { engine } = await table(8, 4000);
    const { counts, share } = await engine.cube({ pairs: [[a, b]], bins, sample: 400 });
    expect(share).toBe(0.1);
    expect(counts[0]!.reduce((sum, count) => sum + count, 0)).toBeCloseTo(400, -1);
  });

  test("a column's domain may change for ever: old scales make room, and come back", async () => {
    const random = seeded(12);
    const values = Array.from({ length: 600 }, () => 2000 * (random() - 0.5));
    const engine = await engineOf({ a: numbers(values), b: numbers(values) }, 1);
    const other: Binning = { column: "b", scale: "linear", domain: [-1000, 1000] };
    const check = async (domain: [number, number], bins: number) => {
      const axis: Binning = { column: "a", scale: "linear", domain };
      const { side, counts } = await engine.cube({ pairs: [[axis, other]], bins });
      const [found, wanted] = [new Uint32Array(side), new Uint32Array(side)];
      counts[0]!.forEach((count, cell) => (found[Math.floor(cell / side)]! += count));
      const cut = Array.from({ length: bins + 1 }, (_, k) =>
        Number((domain[0] + (domain[1] - domain[0]) * (k / bins)).toExponential(11)),
      );
      for (const value of values) {
        let k = 0;
        while (k < bins - 1 && value >= cut[k + 1]!) k++;
        wanted[k]!++;
      }
      expect(found).toEqual(wanted);
    };
    for (let i = 0; i < 200; i++) {
      await check([-1000 - 7 * i, 1000 + 3 * i], 240);
      if (i % 20 === 0) await check([-1000, 1000], 60);
    }
    await check([-1000, 1000], 240);
  });

  test("any brush on the active axis is a difference of two slices", async () => {
    const { plain, engine } = await table(4, 1000);
    const positions = 16;
    const { side, slices, counts } = await engine.cube({ pairs: [[b, kind]], bins, active: { axis: a, positions } });
    expect(slices).toBe(positions + 5 + 1);
    const area = side * side;
    for (const [from, to] of [
      [0, 16],
      [3, 7],
      [5, 5],
      [0, 21],
      [19, 20],
    ] as const) {
      const wanted = plain.a.filter(
        (value) => bin(a, value, positions) >= from && bin(a, value, positions) < to,
      ).length;
      let found = 0;
      for (let cell = 0; cell < area; cell++) found += counts[0]![to * area + cell]! - counts[0]![from * area + cell]!;
      expect(found).toBe(wanted);
    }
  });
});

/** The code of a row's category: in order of first appearance. */
function codeOf(values: readonly (string | null)[], i: number): number {
  return [...new Set(values.filter((value) => value !== null))].indexOf(values[i]!);
}

describe("percentiles", () => {
  test("are the sorted finite values at ⌊n · k / 240⌋, and cut the rows alike", async () => {
    const { plain, engine } = await table(9, 3000);
    const cut = await engine.percentiles("b");
    const finite = plain.b.filter((value): value is number => Number.isFinite(value ?? NaN)).sort((x, y) => x - y);
    expect([...cut]).toEqual(
      Array.from({ length: 241 }, (_, k) => finite[Math.min(finite.length - 1, Math.floor((finite.length * k) / 240))]),
    );
    const axis: Binning = { column: "b", scale: "percentile", domain: [finite[0]!, finite.at(-1)!], percentiles: cut };
    const { side, counts } = await engine.cube({ pairs: [[axis, axis]], bins: 60 });
    const wanted = new Uint32Array(side);
    for (const value of finite) {
      let k = 0;
      while (k < 59 && value >= cut[4 * (k + 1)]!) k++;
      wanted[k]!++;
    }
    for (let k = 0; k < 60; k++) expect(counts[0]![k * side + k]).toBe(wanted[k]);
  });
});

describe("nearest", () => {
  test("finds the line that passes nearest to a point, among those that pass the filters", async () => {
    const random = seeded(11);
    const [xs, ys] = [0, 1].map(() => Array.from({ length: 900 }, () => random()));
    const engine = await engineOf({ x: numbers(xs!), y: numbers(ys!) });
    const [left, right] = ["x", "y"].map((column): Binning => ({ column, scale: "linear", domain: [0, 1] }));
    const heights = Float32Array.from({ length: 245 }, (_, k) => (k + 0.5) / 240);
    const query = { left: left!, right: right!, heights: [heights, heights] as const, reach: 0.5 };
    for (let i = 0; i < 50; i++) {
      const [t, y] = [random(), random()];
      const filters: Filters = { columns: i % 2 ? { x: { ranges: [[0, 0.5]] } } : {} };
      const row = (await engine.nearest({ ...query, filters, t, y }))!;
      const off = (k: number) => Math.abs((1 - t) * xs![k]! + t * ys![k]! - y);
      const best = Math.min(...xs!.flatMap((x, k) => (i % 2 && x > 0.5 ? [] : [off(k)])));
      expect(off(row)).toBeLessThanOrEqual(best + 1 / 240);
      if (i % 2) expect(xs![row]).toBeLessThanOrEqual(0.5);
    }
    expect(await engine.nearest({ ...query, t: 0.5, y: 3, reach: 0.01 })).toBeNull();
  });
});

describe("series", () => {
  test("keeps the extremes of every bucket, one series a category", async () => {
    const { plain, engine } = await table(5, 800);
    const series = await engine.series({ x: "a", y: "b", by: "kind", width: 10 });
    const finite = plain.a
      .map((x, i) => ({ x, y: plain.b[i]!, kind: plain.kind[i]! }))
      .filter(({ x, y }) => Number.isFinite(x ?? NaN) && Number.isFinite(y ?? NaN));
    for (const { name, count, min, max, mean } of series) {
      const ys = finite.filter(({ kind }) => (kind ?? "missing") === name).map(({ y }) => y!);
      expect(count.reduce((sum, n) => sum + n, 0)).toBe(ys.length);
      expect(Math.min(...min)).toBe(Math.min(...ys));
      expect(Math.max(...max)).toBe(Math.max(...ys));
      const total = [...mean].reduce((sum: number, m: number, i: number) => sum + m * count[i]!, 0);
      expect(total / ys.length).toBeCloseTo(ys.reduce((sum, y) => sum + y, 0) / ys.length, 6);
    }
    expect(series.map(({ name }) => name).sort()).toEqual(["</script>", "gelu", "missing", "relu", "tanh"]);
  });
});

function at(vector: Vector, i: number): number | string | null {
  if (!isPresent(vector, i)) return null;
  return vector.categories ? vector.categories[vector.values[i]!]! : vector.values[i]!;
}
