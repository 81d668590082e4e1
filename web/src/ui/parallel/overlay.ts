import type { Rgb } from "../../core/colour";
import { css } from "../../core/colour";
import type { Scene } from "../../render/scene";

/** The points of a line, where it meets the axes. */
export type Points = readonly (readonly [number, number])[];

/** Draws one line above all others, with a halo that lifts it off them and a dot on each axis. */
export function drawHighlight(
  canvas: HTMLCanvasElement,
  scene: Pick<Scene, "width" | "height" | "ratio">,
  points: Points,
  colour: Rgb,
  halo: string,
): void {
  const [width, tall] = [Math.ceil(scene.width * scene.ratio), Math.ceil(scene.height * scene.ratio)];
  if (canvas.width !== width || canvas.height !== tall) Object.assign(canvas, { width, height: tall });
  const context = canvas.getContext("2d")!;
  context.setTransform(scene.ratio, 0, 0, scene.ratio, 0, 0);
  context.clearRect(0, 0, scene.width, scene.height);
  if (points.length === 0) return;
  const path = new Path2D();
  points.forEach(([x, y], i) => (i === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
  context.lineJoin = "round";
  context.lineCap = "round";
  for (const [style, lineWidth] of [
    [halo, 7],
    [css(colour), 3.25],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = lineWidth;
    context.stroke(path);
  }
  for (const [x, y] of points) {
    context.beginPath();
    context.arc(x, y, 4, 0, 2 * Math.PI);
    context.fillStyle = css(colour);
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = halo;
    context.stroke();
  }
}
