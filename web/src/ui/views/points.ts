import type { Palette } from "../../core/colour";
import type { Point } from "./chart";
import type { ChartFrame } from "./chart-layout";

/** Places of rows on two sides: NaN where out of sight. */
export interface Places {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Draws a point a row: what is not selected in grey beneath what is. */
export function paintPoints(
  context: CanvasRenderingContext2D,
  frame: ChartFrame,
  { x, y }: Places,
  selected: Uint8Array,
  colours: Uint8Array,
  palette: Palette,
  relatives: ReadonlySet<number>,
): void {
  const count = selected.length;
  const radius = count <= 300 ? 4 : count <= 3000 ? 3 : 2;
  const [r, g, b, a] = palette.context;
  const dot = (row: number, size: number) => {
    const [px, py] = [frame.x(x[row]!), frame.y(y[row]!)];
    if (size <= 2) return context.fillRect(px - size, py - size, 2 * size, 2 * size);
    context.beginPath();
    context.arc(px, py, size, 0, 2 * Math.PI);
    context.fill();
  };
  context.fillStyle = `rgb(${255 * r} ${255 * g} ${255 * b} / ${Math.min(1, 1.7 * a)})`;
  for (let row = 0; row < count; row++)
    if (selected[row] === 0 && !Number.isNaN(x[row]! + y[row]!)) dot(row, radius * 0.8);
  context.globalAlpha = count <= 300 ? 0.9 : 0.65;
  let last = -1;
  for (let row = 0; row < count; row++) {
    if (selected[row] !== 1 || Number.isNaN(x[row]! + y[row]!)) continue;
    const colour = (colours[4 * row]! << 16) | (colours[4 * row + 1]! << 8) | colours[4 * row + 2]!;
    if (colour !== last) context.fillStyle = `#${(last = colour).toString(16).padStart(6, "0")}`;
    dot(row, relatives.has(row) ? radius + 2 : radius);
  }
  context.globalAlpha = 1;
}

/** Draws lines from every selected row to the one that it came from; the relatives of the row under the pointer stand out. */
export function paintLineage(
  context: CanvasRenderingContext2D,
  frame: ChartFrame,
  { x, y }: Places,
  selected: Uint8Array,
  parents: Int32Array,
  relatives: ReadonlySet<number>,
  row: number,
  palette: Palette,
): void {
  const [r, g, b] = palette.context;
  const near = (each: number) => each === row || relatives.has(each);
  const [all, strong] = [new Path2D(), new Path2D()];
  parents.forEach((parent, child) => {
    if (parent < 0 || selected[child] !== 1 || selected[parent] === 2) return;
    const ends = [x[parent]!, y[parent]!, x[child]!, y[child]!];
    if (ends.some(Number.isNaN)) return;
    const path = near(child) && near(parent) ? strong : all;
    path.moveTo(frame.x(ends[0]!), frame.y(ends[1]!));
    path.lineTo(frame.x(ends[2]!), frame.y(ends[3]!));
  });
  context.strokeStyle = `rgb(${255 * r} ${255 * g} ${255 * b} / 0.55)`;
  context.lineWidth = 1;
  context.stroke(all);
  context.strokeStyle = `rgb(${palette.plain.join(" ")})`;
  context.lineWidth = 2.5;
  context.stroke(strong);
}

/** The selected row whose point is nearest; null where none comes within reach. */
export function nearestPoint(
  { x, y }: Places,
  selected: Uint8Array,
  frame: ChartFrame,
  at: Point,
  reach: number,
): number | null {
  let [best, nearest] = [null as number | null, reach];
  for (let row = 0; row < selected.length; row++) {
    if (selected[row] !== 1) continue;
    const distance = Math.hypot(frame.x(x[row]!) - at.x, frame.y(y[row]!) - at.y);
    // Of points that lie on one another the one drawn last is the one seen.
    if (distance <= nearest) [best, nearest] = [row, distance];
  }
  return best;
}
