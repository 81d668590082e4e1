import type { Summary } from "../../core/column";
import type { Scale } from "../../core/scale";
import { makeScale } from "../../core/scale";

const NOTHING: Summary = {
  name: "",
  min: 0,
  max: 1,
  minPositive: 1,
  integer: false,
  quantiles: [],
  names: null,
  categories: [],
  rows: 0,
  missing: 0,
  nan: 0,
  positiveInfinity: 0,
  negativeInfinity: 0,
  nonPositive: 0,
};

/** A scale over numbers that are no column: counts, shares, a part of a column. */
export function numberScale(
  name: "linear" | "log" | "symlog" | "time",
  [min, max]: readonly [number, number],
  integer = false,
): Scale {
  return makeScale(name, [{ ...NOTHING, min, max, minPositive: min, integer }], null);
}
