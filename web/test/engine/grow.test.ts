import { expect, test } from "vitest";
import type { Vector } from "../../src/core/column";
import { isPresent } from "../../src/core/column";
import { spliced } from "../../src/engine/grow";
import { names, numbers } from "../helpers";

const told = (vector: Vector) =>
  [...vector.values].map((value, i) =>
    isPresent(vector, i) ? (vector.categories ? vector.categories[value] : value) : null,
  );
const runs = (...pairs: [number, number][]) =>
  [Int32Array.from(pairs, ([start]) => start), Int32Array.from(pairs, ([, length]) => length), 0] as const;

test("stretches of old rows and fresh ones stand in the order given", () => {
  const [starts, lengths] = runs([0, 2], [-1, 1], [3, 1], [-1, 2]);
  const found = spliced(numbers([1, null, 3, 4]), numbers([10, NaN, null]), starts, lengths, 6);
  expect(told(found)).toEqual([1, null, 10, 4, NaN, null]);
});

test("a type that is too narrow for what is new gives way", () => {
  const old: Vector = { values: Int8Array.of(1, 2), valid: null, categories: null };
  const fresh: Vector = { values: Float32Array.of(0.5), valid: null, categories: null };
  const [starts, lengths] = runs([0, 2], [-1, 1]);
  expect(told(spliced(old, fresh, starts, lengths, 3))).toEqual([1, 2, 0.5]);
  const none: Vector = { values: new Uint8Array(0), valid: null, categories: null };
  expect(
    spliced(old, none, ...(runs([0, 2]).slice(0, 2) as unknown as [Int32Array, Int32Array]), 2).values,
  ).toBeInstanceOf(Int8Array);
});

test("categories take the order that the fresh ones have", () => {
  const old = names(["b", null, "d"]);
  const fresh = names(["c", null], ["a", "b", "c", "d"]);
  const [starts, lengths] = runs([0, 3], [-1, 2]);
  const found = spliced(old, fresh, starts, lengths, 5);
  expect(found.categories).toEqual(["a", "b", "c", "d"]);
  expect(told(found)).toEqual(["b", null, "d", "c", null]);
});
