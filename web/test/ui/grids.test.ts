import { describe, expect, test } from "vitest";
import { palette } from "../../src/core/colour";
import { binPlaces, densityOf } from "../../src/ui/grids";
import { seeded } from "../helpers";

const BINS = 240;
const SIDE = BINS + 5;

/** Two independent normals, ±5σ wide, as counts of so many rows. */
function normal(rows: number): Uint32Array {
  const random = seeded(1);
  const counts = new Uint32Array(SIDE * SIDE);
  const width = 10 / BINS;
  for (let left = 0; left < BINS; left++)
    for (let right = 0; right < BINS; right++) {
      const [x, y] = [(left + 0.5) * width - 5, (right + 0.5) * width - 5];
      const expected = ((rows * width * width) / (2 * Math.PI)) * Math.exp(-(x * x + y * y) / 2);
      counts[left * SIDE + right] = Math.floor(expected + random());
    }
  return counts;
}

/** Strength, 0–255, of every line that is drawn on top, by its cell. */
function linesOf(counts: Uint32Array): Map<number, number> {
  const places = binPlaces(BINS, null, 0);
  const counted = { bins: BINS, counts, colours: null, places: [places, places], points: [0, 0] } as const;
  const { grid, cells } = densityOf(counted, { palette: palette("light"), colour: null, strength: 1, height: 400 });
  expect(grid === null).toBe(counts.filter((count) => count > 0).length <= 600);
  const bin = (place: number) => Math.floor(place * BINS);
  return new Map(
    [...(cells?.left ?? [])].map((left, i) => [bin(left) * SIDE + bin(cells!.right[i]!), cells!.colours[4 * i + 3]!]),
  );
}

describe("isolated cells are drawn as lines on top of a density", () => {
  test.each([
    [100_000, 1],
    [1_000_000, 1],
    [10_000_000, 1],
    [10_000_000, 10],
    [10_000_000, 90],
  ])("of %d rows the %d that explode together", (rows, exploding) => {
    const counts = normal(rows);
    const cell = 3 * SIDE + 236;
    counts[cell] = exploding;
    const lines = linesOf(counts);
    expect(lines.get(cell)).toBeGreaterThan(150);
    expect(lines.size).toBeLessThanOrEqual(200);
  });

  test("ten that explode apart, at any height of the other axis", () => {
    const counts = normal(9_000_000);
    // The crowd's own cells of the last bins are gone: what lies there is far from all others.
    for (let left = 0; left < BINS; left++) counts.fill(0, left * SIDE + 190, left * SIDE + BINS);
    const cells = Array.from({ length: 10 }, (_, i) => (75 + 10 * i) * SIDE + 239);
    for (const cell of cells) counts[cell] = 1;
    const lines = linesOf(counts);
    for (const cell of cells) expect(lines.get(cell)).toBeGreaterThan(150);
  });

  test("ten that explode together, among thousands of single ones", () => {
    const counts = normal(10_000_000);
    const random = seeded(2);
    for (let i = 0; i < 3000; i++) counts[Math.floor(random() * 240) * SIDE + Math.floor(random() * 240)]!++;
    const cell = 2 * SIDE + 237;
    counts[cell] = 10;
    const lines = linesOf(counts);
    expect(lines.has(cell)).toBe(true);
    expect(lines.size).toBe(200);
  });

  test("ten that explode where all others lie in one bin", () => {
    const counts = new Uint32Array(SIDE * SIDE);
    for (let right = 0; right < BINS; right++) counts[right] = 40_000;
    const cells = Array.from({ length: 10 }, (_, i) => 239 * SIDE + 50 + 10 * i);
    for (const cell of cells) counts[cell] = 1;
    const lines = linesOf(counts);
    for (const cell of cells) expect(lines.get(cell)).toBeGreaterThan(150);
  });

  test("a crowd's fringe is not made stronger than it is", () => {
    const lines = linesOf(normal(10_000_000));
    expect(lines.size).toBeLessThanOrEqual(200);
    expect([...lines.values()].filter((strength) => strength > 150)).toEqual([]);
  });

  test("a full cell never", () => {
    const counts = normal(10_000_000);
    counts[3 * SIDE + 236] = 5000;
    expect(linesOf(counts).has(3 * SIDE + 236)).toBe(false);
  });
});
