import { expect, test } from "vitest";
import type { Scene } from "../../src/render/scene";
import { nearestRow } from "../../src/ui/parallel/nearest";

const scene: Scene = {
  width: 300,
  height: 120,
  ratio: 1,
  head: 10,
  foot: 110,
  slots: [0, 115, 115, 115, 115],
  panels: [
    {
      left: Float32Array.of(0, 1, 0.5),
      right: Float32Array.of(0, 1, 0.5),
      x0: 50,
      x1: 150,
      flipLeft: 0,
      flipRight: 0,
      densities: [],
    },
    {
      left: Float32Array.of(0, 1, 0.5),
      right: Float32Array.of(1, 0, 0.5),
      x0: 150,
      x1: 250,
      flipLeft: 0,
      flipRight: 0,
      densities: [],
    },
  ],
  colours: new Uint8Array(12),
  selected: Uint8Array.of(1, 1, 1),
  lineWidth: 1,
  opacity: 1,
  context: null,
};

test("the line under the pointer is found, by its distance across", () => {
  expect(nearestRow(scene, 100, 108, 10)).toBe(0);
  expect(nearestRow(scene, 175, 82, 10)).toBe(0);
  expect(nearestRow(scene, 175, 36, 10)).toBe(1);
});

test("nothing is found far from every line, outside the axes, or among context", () => {
  expect(nearestRow(scene, 100, 85, 10)).toBeNull();
  expect(nearestRow(scene, 290, 60, 10)).toBeNull();
  expect(nearestRow({ ...scene, selected: Uint8Array.of(0, 1, 1) }, 100, 108, 10)).toBeNull();
});

test("of lines that lie on one another the one drawn last is found", () => {
  const same = Float32Array.of(0.5, 0.5, 0.5);
  expect(nearestRow({ ...scene, panels: [{ ...scene.panels[0]!, left: same, right: same }] }, 100, 60, 10)).toBe(2);
});
