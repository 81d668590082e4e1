import { describe, expect, test } from "vitest";
import type { Vector } from "../../src/core/column";
import { isPresent } from "../../src/core/column";
import type { Filters } from "../../src/core/filter";
import type { Binning } from "../../src/engine/engine";
import { engineOf, messy, names, numbers, seeded } from "../helpers";

const KINDS = ["relu", "tanh", "gelu", "</script>", null];

function table(seed: number, rows: number) {
  const random = seeded(seed);
  const plain = {
    a: messy(random, rows),
    b: messy(random, rows),
    kind: Array.from({ length: rows }, () => KINDS[Math.floor(random() * KINDS.length)]!),
  };
  return { plain, engine: engineOf({ a: numbers(plain.a), b: numbers(plain.b), kind: names(plain.kind) }) };
}

/** The filter's meaning, said again as plainly as can be. */
function passes(filters: Filters, row: Record<string, number | string | null>): boolean {
  return Object.entries(filters).every(([name, filter]) => {
    const value = row[name]!;
    if (value === null) return filter.missing ?? false;
    if (typeof value === "string") return filter.values?.includes(value) ?? false;
    if (Number.isNaN(value)) return filter.special?.includes("nan") ?? false;
    if (value === Infinity) return filter.special?.includes("+inf") ?? false;
    if (value === -Infinity) return filter.special?.includes("-inf") ?? false;
    return filter.ranges?.some(([low, high]) => low <= value && value <= high) ?? false;
  });
}

const FILTERS: Filters[] = [
  {},
  { a: { ranges: [[0, 5]] } },
  {
    a: {
      ranges: [
        [-3, -1],
        [2, 2],
      ],
      special: ["nan"],
      missing: true,
    },
  },
  { a: { special: ["+inf", "-inf"] }, kind: { values: ["relu", "</script>"], missing: true } },
  { kind: { values: [] } },
  { b: { ranges: [[-Infinity, Infinity]] } },
];

describe("select", () => {
  test.each(FILTERS.map((filters) => [JSON.stringify(filters), filters] as const))(
    "%s agrees with brute force",
    async (_, filters) => {
      const { plain, engine } = table(1, 500);
      const wanted = plain.a.map((_, i) => passes(filters, { a: plain.a[i]!, b: plain.b[i]!, kind: plain.kind[i]! }));
      const { count, bits } = await engine.select(filters);
      expect(wanted.map((_, i) => ((bits[i >> 3]! >> (i & 7)) & 1) === 1)).toEqual(wanted);
      expect(count).toBe(wanted.filter(Boolean).length);
    },
  );

  test("an unknown column is an error that names it", async () => {
    await expect(table(1, 3).engine.select({ nope: {} })).rejects.toThrow("“nope”");
  });
});

describe("rows", () => {
  test("pages through the sorted, filtered rows, those without a number last", async () => {
    const { plain, engine } = table(2, 300);
    for (const descending of [false, true]) {
      const { ids, columns, total } = await engine.rows({
        columns: ["a", "kind"],
        filters: { kind: { values: ["relu", "gelu"] } },
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
    const engine = engineOf({ name: names(["epoch 10", "epoch 2", null, "Epoch 1"]) });
    const { ids } = await engine.rows({ columns: ["name"], order: [{ column: "name", descending: false }] });
    expect([...ids]).toEqual([3, 1, 0, 2]);
  });
});

describe("describe", () => {
  test("counts and measures what is there", async () => {
    const engine = engineOf({
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

  /** The bin of a value by the rule of docs/protocol.md, for `a` and `b` alone. */
  function bin(axis: Binning, value: number | null, count: number): number {
    if (value === null) return count + 4;
    if (Number.isNaN(value)) return count + 3;
    if (value === -Infinity) return count + 2;
    if (value === Infinity) return count;
    if (axis.scale === "log" && value <= 0) return count + 1;
    const f = axis.scale === "log" ? Math.log10 : (v: number) => v;
    const t = (f(value) - f(axis.domain[0])) / (f(axis.domain[1]) - f(axis.domain[0]));
    return Math.max(0, Math.min(count - 1, Math.floor(t * count)));
  }

  test("agrees with brute force to the last count, in counts and in colour", async () => {
    const { plain, engine } = table(3, 2000);
    const filters: Filters = { kind: { values: ["relu", "tanh"] } };
    const { side, counts, sums } = await engine.cube({ pairs: [[a, b]], bins, filters, color: "a" });
    const wanted = new Map<number, [number, number]>();
    plain.a.forEach((value, i) => {
      if (!passes(filters, { kind: plain.kind[i]! })) return;
      const cell = bin(a, value, bins) * side + bin(b, plain.b[i]!, bins);
      const [count, sum] = wanted.get(cell) ?? [0, 0];
      wanted.set(cell, [count + 1, sum + (value !== null && Number.isFinite(value) ? value : 0)]);
    });
    counts[0]!.forEach((count, cell) => expect(count).toBe(wanted.get(cell)?.[0] ?? 0));
    sums[0]!.forEach((sum, cell) => expect(sum).toBeCloseTo(wanted.get(cell)?.[1] ?? 0, 6));
  });

  test("any brush on the active axis is a difference of two slices", async () => {
    const { plain, engine } = table(4, 1000);
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

describe("series", () => {
  test("keeps the extremes of every bucket, one series a category", async () => {
    const { plain, engine } = table(5, 800);
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
