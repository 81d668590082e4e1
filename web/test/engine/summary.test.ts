import { expect, test } from "vitest";
import { summarize } from "../../src/engine/summary";
import cases from "../../../tests/vectors/summaries.json";
import { numbers } from "../helpers";

const SPOKEN: Record<string, number> = { nan: NaN, inf: Infinity, "-inf": -Infinity };

test.each(cases.map((each, i) => [i, each] as const))("summary %d of the shared vectors", (_, each) => {
  const plain = (each.values as (number | string | null)[]).map((v) => (typeof v === "string" ? SPOKEN[v]! : v));
  const categories = each.categories === null ? null : Array.from({ length: each.categories }, (_, k) => `${k}`);
  const found = summarize("x", { ...numbers(plain), categories });
  const orNull = (value: number) => (Number.isNaN(value) ? null : value);
  expect({
    min: orNull(found.min),
    max: orNull(found.max),
    min_positive: orNull(found.minPositive),
    integer: found.integer,
    quantiles: found.quantiles,
    categories: found.categories,
    missing: found.missing,
    nan: found.nan,
    positive_infinity: found.positiveInfinity,
    negative_infinity: found.negativeInfinity,
    non_positive: found.nonPositive,
  }).toEqual(each.summary);
});
