import { expect, test } from "vitest";
import { move, nearestSlot } from "../../src/core/order";

test("an item moves and the others close up", () => {
  expect(move(["a", "b", "c", "d"], 0, 2)).toEqual(["b", "c", "a", "d"]);
  expect(move(["a", "b", "c", "d"], 3, 0)).toEqual(["d", "a", "b", "c"]);
  expect(move(["a"], 5, 0)).toEqual(["a"]);
});

test("the nearest slot stays among those there are", () => {
  expect([-90, 72, 149, 151, 9999].map((x) => nearestSlot(x, 72, 100, 4))).toEqual([0, 0, 1, 1, 3]);
  expect(nearestSlot(10, 0, 0, 1)).toBe(0);
});
