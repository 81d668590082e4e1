import { drawGrid } from "./raster-density";
import type { Panel, Scene } from "./scene";
import { ease, easeSlope, height } from "./scene";

/**
 * Draws a scene on the CPU: typed arrays in, pixels out. The picture is the one that `webgl.ts` draws, by the same
 * formula: a pixel's cover is ½ width + ½ − its distance from the line, clamped to [0, 1].
 *
 * @returns RGBA, 8 bits, not premultiplied; ⌈width · ratio⌉ × ⌈height · ratio⌉.
 */
export function rasterize(scene: Scene): { pixels: Uint8ClampedArray<ArrayBuffer>; width: number; height: number } {
  const width = Math.ceil(scene.width * scene.ratio);
  const tall = Math.ceil(scene.height * scene.ratio);
  // Premultiplied floats: thousands of faint lines on one pixel would drift in 8 bits.
  const buffer = new Float32Array(width * tall * 4);
  const rows = scene.selected.length;
  const half = (scene.lineWidth * scene.ratio) / 2;
  const brush = new Float32Array(4);
  const curved = scene.curved ?? false;
  for (const panel of scene.panels) {
    for (const { grid, cells } of panel.densities) {
      if (grid) drawGrid(buffer, width, tall, scene, panel, grid);
      if (!cells) continue;
      for (let line = 0; line < cells.left.length; line++) {
        for (let c = 0; c < 4; c++) brush[c] = cells.colours[4 * line + c]! / 255;
        segment(buffer, width, tall, scene, panel, cells.left[line]!, cells.right[line]!, half, brush, false);
      }
    }
  }
  for (const wanted of [0, 1]) {
    if (wanted === 0 && !scene.context) continue;
    for (const panel of scene.panels) {
      for (let row = 0; row < rows; row++) {
        if (scene.selected[row] !== wanted) continue;
        if (wanted === 0) brush.set(scene.context!);
        else {
          for (let c = 0; c < 3; c++) brush[c] = scene.colours[4 * row + c]! / 255;
          brush[3] = (scene.opacity * scene.colours[4 * row + 3]!) / 255;
        }
        segment(buffer, width, tall, scene, panel, panel.left[row]!, panel.right[row]!, half, brush, curved);
      }
    }
  }
  return { pixels: straight(buffer), width, height: tall };
}

function segment(
  buffer: Float32Array,
  width: number,
  tall: number,
  scene: Scene,
  panel: Panel,
  left: number,
  right: number,
  half: number,
  brush: Float32Array,
  curved: boolean,
): void {
  const { ratio } = scene;
  const x0 = panel.x0 * ratio;
  const x1 = panel.x1 * ratio;
  const y0 = height(left, panel.flipLeft, scene) * ratio;
  const y1 = height(right, panel.flipRight, scene) * ratio;
  const way = 1 / (x1 - x0);
  const rise = (y1 - y0) * way;
  let cosine = 1 / Math.sqrt(1 + rise * rise);
  const reach = half + 0.5;
  const low = Math.min(y0, y1) - reach;
  const high = Math.max(y0, y1) + reach;
  const [red, green, blue, alpha] = brush as unknown as [number, number, number, number];
  const last = Math.min(width, Math.ceil(x1 - 0.5));
  for (let x = Math.max(0, Math.ceil(x0 - 0.5)); x < last; x++) {
    const t = (x + 0.5 - x0) * way;
    const y = y0 + (y1 - y0) * ease(t, curved);
    if (curved) cosine = 1 / Math.sqrt(1 + (rise * easeSlope(t, true)) ** 2);
    const from = Math.max(0, Math.ceil(Math.max(low, y - reach / cosine) - 0.5));
    const to = Math.min(tall - 1, Math.floor(Math.min(high, y + reach / cosine) - 0.5));
    for (let py = from; py <= to; py++) {
      const cover = reach - Math.abs(py + 0.5 - y) * cosine;
      if (cover <= 0) continue;
      const a = alpha * (cover < 1 ? cover : 1);
      const keep = 1 - a;
      const i = 4 * (py * width + x);
      buffer[i] = buffer[i]! * keep + red * a;
      buffer[i + 1] = buffer[i + 1]! * keep + green * a;
      buffer[i + 2] = buffer[i + 2]! * keep + blue * a;
      buffer[i + 3] = buffer[i + 3]! * keep + a;
    }
  }
}

function straight(buffer: Float32Array): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(buffer.length);
  for (let i = 0; i < buffer.length; i += 4) {
    const alpha = buffer[i + 3]!;
    if (alpha === 0) continue;
    for (let c = 0; c < 3; c++) pixels[i + c] = (255 * buffer[i + c]!) / alpha;
    pixels[i + 3] = 255 * alpha;
  }
  return pixels;
}
