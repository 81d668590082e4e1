import { describe, expect, test } from "vitest";
import content from "../../../tests/vectors/binning.json";
import type { ScaleName } from "../../src/core/column";
import { binOf, categoryBin, edges, specialOf } from "../../src/core/edges";
import type { Binning } from "../../src/engine/engine";
import { engineOf, names, numbers } from "../helpers";

/** What tests/vectors/make.py writes; its layout is described there. */
interface Vectors {
  readonly cases: readonly Case[];
  readonly joints: readonly Joint[];
}

type Value = number | "nan" | "inf" | "-inf" | null;

interface Case {
  readonly scale: ScaleName;
  readonly domain: [number, number];
  readonly bins: number;
  readonly percentiles?: number[];
  readonly categories?: number;
  readonly edges?: number[];
  readonly some_edges?: Record<string, number>;
  readonly values: Value[];
  readonly codes: number[];
}

interface Joint {
  readonly columns: Record<string, { readonly values: (Value | string)[]; readonly categories?: string[] }>;
  readonly pair: [Binning, Binning];
  readonly bins: number;
  readonly counts: Record<string, number>;
  readonly active?: {
    readonly cut: Binning;
    readonly positions: number;
    readonly slices: Record<string, Record<string, number>>;
  };
}

const vectors = content as unknown as Vectors;
const WORDS = { nan: NaN, inf: Infinity, "-inf": -Infinity };
const number = (value: Value | string) => (typeof value === "string" ? WORDS[value as keyof typeof WORDS] : value);

describe.each(vectors.cases.map((each) => [`${each.scale} ${each.domain.join(" … ")} in ${each.bins}`, each] as const))(
  "%s",
  (_, each) => {
    const { scale, domain, bins, percentiles } = each;
    const cut = scale === "percentile" ? Float64Array.from(each.edges!) : edges({ scale, domain }, bins);

    test("has the edges of the vectors", () => {
      if (percentiles && 240 % bins === 0)
        expect([...edges({ scale, domain, percentiles: Float64Array.from(percentiles) }, bins)]).toEqual(each.edges);
      else if (each.edges) expect([...cut]).toEqual(each.edges);
      for (const [k, edge] of Object.entries(each.some_edges ?? {})) expect(cut[Number(k)]).toBe(edge);
    });

    test("puts every value in its bin, by its edges", () => {
      const found = each.values.map((raw) => {
        const value = number(raw);
        if (value === null) return bins + 4;
        if (each.categories !== undefined) return categoryBin(value, each.categories, bins);
        const special = specialOf(value, scale);
        return special >= 0 ? bins + special : binOf(value, cut);
      });
      expect(found).toEqual(each.codes);
    });

    test.each([1, 3])("puts every value in its bin, as an engine of %d places counts", async (places) => {
      const values = each.values.map(number);
      const known = Array.from({ length: each.categories ?? 0 }, (_, i) => `c${i}`);
      const x =
        each.categories === undefined
          ? numbers(values)
          : names(
              values.map((value) => (value === null ? null : `c${value}`)),
              known,
            );
      // One row at a time is told apart by a second axis, a category a row; of many rows, the first so many.
      const rows = Math.min(values.length, bins);
      const first = Array.from({ length: rows }, (_, i) => `r${i}`);
      const engine = await engineOf(
        {
          x,
          row: names(
            values.map((_, i) => (i < rows ? `r${i}` : null)),
            first,
          ),
        },
        places,
      );
      const axis: Binning = {
        column: "x",
        scale,
        domain,
        ...(percentiles ? { percentiles: Float64Array.from(percentiles) } : {}),
      };
      const row: Binning = { column: "row", scale: "category", domain: [0, rows - 1] };
      const { side, counts } = await engine.cube({ pairs: [[axis, row]], bins });
      const wanted = new Uint32Array(side * side);
      each.codes.forEach((code, i) => wanted[code * side + (i < rows ? i : bins + 4)]!++);
      expect([...counts[0]!]).toEqual([...wanted]);
    });
  },
);

describe.each(
  vectors.joints.map(
    (joint, i) => [`joint ${i}: ${joint.pair.map(({ column }) => column).join(" × ")}`, joint] as const,
  ),
)("%s", (_, joint) => {
  test.each([1, 3])("counts alike in %d places", async (places) => {
    const columns = Object.entries(joint.columns).map(
      ([name, { values, categories }]) =>
        [name, categories ? names(values as (string | null)[], categories) : numbers(values.map(number))] as const,
    );
    const engine = await engineOf(Object.fromEntries(columns), places);
    const { bins, active } = joint;
    const cube = await engine.cube({
      pairs: [joint.pair],
      bins,
      ...(active ? { active: { axis: active.cut, positions: active.positions } } : {}),
    });
    const area = cube.side ** 2;
    const slice = (k: number) =>
      Object.fromEntries(
        [...cube.counts[0]!.subarray(k * area, (k + 1) * area).entries()].filter(([, count]) => count > 0),
      );
    expect(slice(cube.slices - 1)).toEqual(joint.counts);
    for (const [k, counts] of Object.entries(active?.slices ?? {})) expect(slice(Number(k))).toEqual(counts);
  });
});
