import type { Rgb } from "../../core/colour";
import { css } from "../../core/colour";
import type { Scene } from "../../render/scene";
import { ease } from "../../render/scene";

/** The points of a line, where it meets the axes. */
export type Points = readonly (readonly [number, number])[];

/** A line that stands out from the others. */
export interface Trace {
  readonly points: Points;
  readonly colour: Rgb;
  readonly width: number;
  /** Lengths of strokes and gaps; none draws through. */
  readonly dash: readonly number[];
  /** Whether it has a dot on each axis. */
  readonly dots: boolean;
  /** Stands at its left end. */
  readonly letter: string;
  /** On axes that stand for a group: the x, and the ys of the group's least and greatest value. */
  readonly spreads: readonly (readonly [number, number, number])[];
}

/** Draws lines above all others, the first lowest. */
export function drawTraces(
  canvas: HTMLCanvasElement,
  scene: Pick<Scene, "width" | "height" | "ratio" | "curved">,
  traces: readonly Trace[],
  halo: string,
): void {
  const [width, tall] = [Math.ceil(scene.width * scene.ratio), Math.ceil(scene.height * scene.ratio)];
  if (canvas.width !== width || canvas.height !== tall) Object.assign(canvas, { width, height: tall });
  const context = canvas.getContext("2d")!;
  context.setTransform(scene.ratio, 0, 0, scene.ratio, 0, 0);
  context.clearRect(0, 0, scene.width, scene.height);
  context.lineJoin = "round";
  context.lineCap = "round";
  for (const trace of traces) if (trace.points.length > 0) draw(context, trace, halo, scene.curved ?? false);
}

function draw(context: CanvasRenderingContext2D, trace: Trace, halo: string, curved: boolean): void {
  const { points, colour, width, dash, dots } = trace;
  const path = pathOf(points, curved);
  context.setLineDash([]);
  context.strokeStyle = halo;
  context.lineWidth = width + 3.75;
  context.stroke(path);
  context.setLineDash([...dash]);
  context.strokeStyle = css(colour);
  context.lineWidth = width;
  context.stroke(path);
  context.setLineDash([]);
  for (const [x, low, high] of trace.spreads) {
    const whisker = new Path2D(`M${x} ${low}V${high}M${x - 6} ${low}h12M${x - 6} ${high}h12`);
    for (const [style, thick] of [
      [halo, 5],
      [css(colour), 2],
    ] as const) {
      context.strokeStyle = style;
      context.lineWidth = thick;
      context.stroke(whisker);
    }
  }
  if (dots)
    for (const [x, y] of points) {
      context.beginPath();
      context.arc(x, y, 4, 0, 2 * Math.PI);
      context.fillStyle = css(colour);
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = halo;
      context.stroke();
    }
  if (trace.letter) badge(context, alongFirst(points, curved), trace.letter, css(colour), halo);
}

function pathOf(points: Points, curved: boolean): Path2D {
  const path = new Path2D();
  points.forEach(([x, y], i) => {
    const last = points[i - 1];
    if (!last) path.moveTo(x, y);
    else if (!curved) path.lineTo(x, y);
    // Thirds make a cubic of the smoothstep that the renderers draw.
    else path.bezierCurveTo(last[0] + (x - last[0]) / 3, last[1], x - (x - last[0]) / 3, y, x, y);
  });
  return path;
}

/** A little way along a line, clear of the numbers of its first axis. */
function alongFirst(points: Points, curved: boolean): readonly [number, number] {
  const [[x0, y0], [x1, y1]] = [points[0]!, points[1] ?? points[0]!];
  const t = x1 > x0 ? Math.min(0.3, 20 / (x1 - x0)) : 0;
  return [x0 + t * (x1 - x0), y0 + ease(t, curved) * (y1 - y0)];
}

function badge(
  context: CanvasRenderingContext2D,
  [x, y]: readonly [number, number],
  letter: string,
  colour: string,
  halo: string,
): void {
  context.beginPath();
  context.arc(x, y, 8.5, 0, 2 * Math.PI);
  context.fillStyle = halo;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.stroke();
  context.fillStyle = colour;
  context.font = "700 11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(letter, x, y + 0.5);
}
