import { describe, expect, test } from "vitest";
import type { ScaleName, Vector } from "../../src/core/column";
import { binOf, categoryBin, edges, specialOf } from "../../src/core/edges";
import { percentiles } from "../../src/engine/column-data";
import type { Binning } from "../../src/engine/engine";
import data from "../../../tests/vectors/binning.json";
import { engineOf, numbers } from "../helpers";

/** A number, "nan", "inf" or "-inf"; null is missing. */
type Spoken = number | string | null;
type Cell = readonly [number, number, number];

interface Axis {
  readonly column: string;
  readonly scale: ScaleName;
  readonly domain: readonly [number, number];
  readonly percentiles: readonly number[] | null;
}

/** tests/vectors/make.py says what is in it. */
interface Vectors {
  readonly cuts: readonly (Omit<Axis, "column"> & {
    readonly bins: number;
    readonly edges: readonly number[];
    readonly values: readonly Spoken[];
    readonly found: readonly number[];
  })[];
  readonly categories: readonly {
    readonly categories: number;
    readonly bins: number;
    readonly codes: readonly (number | null)[];
    readonly found: readonly number[];
  }[];
  readonly percentiles: readonly { readonly values: readonly Spoken[]; readonly percentiles: readonly number[] }[];
  readonly tables: readonly {
    readonly columns: Record<string, { readonly values: readonly Spoken[]; readonly categories: number | null }>;
    readonly left: Axis;
    readonly right: Axis;
    readonly bins: number;
    readonly cells: readonly Cell[];
    readonly active: {
      readonly axis: Axis;
      readonly positions: number;
      readonly slices: readonly (readonly Cell[])[];
    } | null;
  }[];
}

const VECTORS = data as unknown as Vectors;
const SPOKEN: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, "-inf": -Infinity };

function heard(values: readonly Spoken[]): (number | null)[] {
  return values.map((value) => (typeof value === "string" ? SPOKEN[value]! : value));
}

function vectorOf(values: readonly Spoken[], categories: number | null): Vector {
  const vector = numbers(heard(values));
  if (categories === null) return vector;
  const known = Array.from({ length: categories }, (_, code) => `c${code}`);
  return { ...vector, values: Uint32Array.from(vector.values), categories: known };
}

function binning({ column, scale, domain, percentiles: fine }: Axis): Binning {
  return { column, scale, domain, ...(fine ? { percentiles: Float64Array.from(fine) } : {}) };
}

/** The cells of one slice that are not 0. */
function cellsOf(counts: Uint32Array, side: number): Cell[] {
  return [...counts].flatMap((count, cell): Cell[] =>
    count === 0 ? [] : [[Math.floor(cell / side), cell % side, count]],
  );
}

describe("the shared vectors", () => {
  test.each(VECTORS.cuts.map((cut) => [`${cut.scale} [${cut.domain.join()}] in ${cut.bins}`, cut] as const))(
    "%s: edges and bins",
    async (_, { bins, edges: wanted, values, found, ...cut }) => {
      const axis = binning({ column: "x", ...cut });
      const own = edges(axis, bins);
      expect([...own]).toEqual(wanted);
      const bin = (value: number | null) => {
        if (value === null) return bins + 4;
        const special = specialOf(value, cut.scale);
        return special < 0 ? binOf(value, own) : bins + special;
      };
      expect(heard(values).map(bin)).toEqual(found);
      for (const places of [1, 3]) {
        const engine = await engineOf({ x: numbers(heard(values)) }, places);
        const { side, counts } = await engine.cube({ pairs: [[axis, axis]], bins });
        const margin = new Uint32Array(side);
        for (const k of found) margin[k]!++;
        expect([...margin.keys()].map((k) => counts[0]![k * side + k])).toEqual([...margin]);
      }
    },
  );

  test.each(VECTORS.categories.map((each) => [`${each.categories} categories in ${each.bins}`, each] as const))(
    "%s",
    async (_, { categories, bins, codes, found }) => {
      expect(codes.map((code) => (code === null ? bins + 4 : categoryBin(code, categories, bins)))).toEqual(found);
      const engine = await engineOf({ x: vectorOf(codes, categories) }, 1);
      const axis: Binning = { column: "x", scale: "category", domain: [0, categories - 1] };
      const { side, counts } = await engine.cube({ pairs: [[axis, axis]], bins });
      const margin = new Uint32Array(side);
      for (const k of found) margin[k]!++;
      expect([...margin.keys()].map((k) => counts[0]![k * side + k])).toEqual([...margin]);
    },
  );

  test.each(VECTORS.percentiles)("percentiles of %#", ({ values, percentiles: wanted }) => {
    const keys = heard(values).map((value) => (Number.isFinite(value ?? NaN) ? value! : NaN));
    expect([...percentiles([Float64Array.from(keys)])]).toEqual(wanted);
  });

  test.each(
    VECTORS.tables.flatMap((each) => [1, 3].map((places) => [each.left.scale, each.bins, places, each] as const)),
  )("joint counts from %s, %d bins, %d places", async (_, bins, places, { columns, left, right, cells, active }) => {
    const engine = await engineOf(
      Object.fromEntries(
        Object.entries(columns).map(([name, { values, categories }]) => [name, vectorOf(values, categories)]),
      ),
      places,
    );
    const pairs = [[binning(left), binning(right)]] as const;
    const whole = await engine.cube({ pairs, bins });
    expect(cellsOf(whole.counts[0]!, whole.side)).toEqual(cells);
    if (!active) return;
    const query = { axis: binning(active.axis), positions: active.positions };
    const { side, slices, counts } = await engine.cube({ pairs, bins, active: query });
    expect(slices).toBe(active.slices.length);
    active.slices.forEach((wanted, k) =>
      expect(cellsOf(counts[0]!.subarray(k * side * side, (k + 1) * side * side), side)).toEqual(wanted),
    );
  });
});
