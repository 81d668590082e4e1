import { expect, test } from "vitest";
import { Slot } from "../../src/core/scale";
import { rasterize } from "../../src/render/raster";
import type { Scene } from "../../src/render/scene";

function scene(left: number[], right: number[], more: Partial<Scene> = {}): Scene {
  const rows = left.length;
  return {
    width: 100,
    height: 60,
    ratio: 1,
    head: 10,
    foot: 50,
    slots: [4, 56, 56, 56, 58],
    panels: [
      {
        left: Float32Array.from(left),
        right: Float32Array.from(right),
        x0: 10,
        x1: 90,
        flipLeft: 0,
        flipRight: 0,
        densities: [],
      },
    ],
    colours: Uint8Array.from({ length: 4 * rows }, (_, i) => (i % 4 === 3 ? 255 : 200)),
    selected: new Uint8Array(rows).fill(1),
    lineWidth: 2,
    opacity: 1,
    context: null,
    ...more,
  };
}

/** Alpha summed down one column of pixels, 1 for a whole pixel. */
function ink({ pixels, width, height }: ReturnType<typeof rasterize>, x: number): number {
  let sum = 0;
  for (let y = 0; y < height; y++) sum += pixels[4 * (y * width + x) + 3]! / 255;
  return sum;
}

test("a level line is as thick as asked, on its axis' own height, and stops at the axes", () => {
  const image = rasterize(scene([0.5], [0.5]));
  expect(ink(image, 50)).toBeCloseTo(2, 1);
  expect(image.pixels[4 * (30 * 100 + 50) + 3]).toBe(255);
  expect([9, 90].map((x) => ink(image, x))).toEqual([0, 0]);
});

test("a steep line is as thick across as a level one", () => {
  const image = rasterize(
    scene([0], [1], {
      panels: [
        {
          left: Float32Array.of(0),
          right: Float32Array.of(1),
          x0: 45,
          x1: 55,
          flipLeft: 0,
          flipRight: 0,
          densities: [],
        },
      ],
    }),
  );
  // Down a column the cut is longer by 1/cos: slope 4.
  expect(ink(image, 50)).toBeCloseTo(2 * Math.sqrt(17), 0);
});

test("twice the ratio, twice the pixels, the same picture", () => {
  const image = rasterize(scene([0.5], [0.5], { ratio: 2 }));
  expect([image.width, image.height]).toEqual([200, 120]);
  expect(ink(image, 100)).toBeCloseTo(4, 1);
});

test("an inverted axis and a slot are where they should be", () => {
  const flipped = scene([1], [Slot.Missing]);
  const image = rasterize({ ...flipped, panels: [{ ...flipped.panels[0]!, flipLeft: 1 }] });
  expect(image.pixels[4 * (50 * 100 + 10) + 3]).toBeGreaterThan(0);
  expect(image.pixels[4 * (57 * 100 + 89) + 3]).toBeGreaterThan(0);
});

test("context lies below the selection, and is left out where not wanted", () => {
  const two = { selected: Uint8Array.of(0, 1), colours: Uint8Array.of(9, 9, 9, 255, 255, 0, 0, 255) };
  const over = rasterize(scene([0.5, 0.5], [0.5, 0.5], { ...two, context: [0, 0, 1, 1] }));
  expect([...over.pixels.slice(4 * (30 * 100 + 50), 4 * (30 * 100 + 50) + 4)]).toEqual([255, 0, 0, 255]);
  const without = rasterize(scene([0.2, 0.5], [0.2, 0.5], two));
  expect(without.pixels[4 * (42 * 100 + 50) + 3]).toBe(0);
});

test("a thousand faint lines on one another do not drift", () => {
  const rows = new Array<number>(1000).fill(0.5);
  const image = rasterize(
    scene(rows, rows, {
      opacity: 0.002,
      colours: Uint8Array.from({ length: 4000 }, (_, i) => [30, 60, 90, 255][i % 4]!),
    }),
  );
  const at = 4 * (30 * 100 + 50);
  expect([...image.pixels.slice(at, at + 3)]).toEqual([30, 60, 90]);
  expect(image.pixels[at + 3]! / 255).toBeCloseTo(1 - 0.998 ** 1000, 2);
});

test("a bent line leaves its axes level, crosses the middle half-way, and is as thick across as a straight one", () => {
  const image = rasterize(scene([0], [1], { curved: true }));
  const middle = (x: number) => {
    let [sum, ink] = [0, 0];
    for (let y = 0; y < image.height; y++) {
      const alpha = image.pixels[4 * (y * image.width + x) + 3]!;
      [sum, ink] = [sum + alpha * (y + 0.5), ink + alpha];
    }
    return sum / ink;
  };
  const ease = (t: number) => t * t * (3 - 2 * t);
  for (const x of [11, 25, 49, 70, 88]) expect(middle(x)).toBeCloseTo(50 - 40 * ease((x + 0.5 - 10) / 80), 0);
  expect(Math.abs(middle(12) - 50)).toBeLessThan(0.3);
  // 6 · ¼ · 40 / 80: its slope in the middle.
  expect(ink(image, 49)).toBeCloseTo(2 * Math.sqrt(1 + 0.75 ** 2), 0);
});

test("a line is as faint as it weighs little", () => {
  const faint = scene([0.5], [0.5]);
  faint.colours[3] = 51;
  expect(rasterize(faint).pixels[4 * (30 * 100 + 50) + 3]).toBeCloseTo(51, -0.5);
});
