import type { Palette, Rgb } from "../../core/colour";
import { FINE_BINS, SPECIAL_BINS } from "../../core/edges";
import type { Cube } from "../../engine/engine";
import { cellColour } from "../grids";
import type { ChartFrame } from "./chart-layout";
import type { ZoomedSide } from "./zoom";

/** How strong the faintest cell is, and how large one that stands alone, in pixels. */
const [FAINTEST, LONE] = [0.3, 3];

interface CellStyle {
  readonly palette: Palette;
  /** One colour for all; null for the cells' own. */
  readonly colour: Rgb | null;
  readonly strength: number;
}

/** Draws the joint counts of two sides: a pixel of an image a cell, those that stand alone as dots, lanes beside them. */
export function paintCells(
  context: CanvasRenderingContext2D,
  frame: ChartFrame,
  cube: Cube,
  x: ZoomedSide,
  y: ZoomedSide,
  style: CellStyle,
): void {
  const { side } = cube;
  const bins = side - SPECIAL_BINS;
  const [nx, ny] = [x.cells.count, y.cells.count];
  const cellWidth = (frame.right - frame.left) / (nx * (x.cells.to - x.cells.from));
  const cellHeight = (frame.bottom - frame.top) / (ny * (y.cells.to - y.cells.from));
  const { image, lone, alpha } = layerOf(cube, x, y, style);
  // A turned side is read from its other end.
  const fromX = (x.turned ? 1 - x.cells.to : x.cells.from) * nx;
  const fromY = (1 - y.cells.to) * ny;
  const [wide, tall] = [(x.cells.to - x.cells.from) * nx, (y.cells.to - y.cells.from) * ny];
  const { left, right, top, bottom } = frame;
  context.save();
  context.beginPath();
  context.rect(left, top - 2, right - left + 2, bottom - top + 2);
  context.clip();
  context.imageSmoothingEnabled = false;
  context.drawImage(image, fromX, fromY, wide, tall, left, top, right - left, bottom - top);
  context.globalAlpha = Math.min(1, 1.6 * style.strength);
  const small = Math.min(cellWidth, cellHeight) < LONE;
  for (const [px, py, fill] of small ? lone : []) {
    context.fillStyle = fill;
    const [cx, cy] = [left + ((px - fromX) / wide) * (right - left), top + ((py - fromY) / tall) * (bottom - top)];
    context.fillRect(cx - LONE / 2, cy - LONE / 2, LONE, LONE);
  }
  context.restore();
  const counts = cube.counts[0]!;
  const coloured = { counts, colours: cube.colours[0] ?? null };
  const colour = new Float64Array(3);
  const lane = (bin: number, sideOf: ZoomedSide) =>
    bin >= bins ? bin - bins + 2 : sideOf.categories ? 1 - (bin + 0.5) / sideOf.categories : (bin + 0.5) / bins;
  for (let a = 0; a < side; a++)
    for (let b = a < bins ? bins : 0; b < side; b++) {
      const count = counts[a * side + b]!;
      const [px, py] = [lane(a, x), lane(b, y)];
      if (count === 0 || (a >= bins && !x.slots.includes(px as never)) || (b >= bins && !y.slots.includes(py as never)))
        continue;
      cellColour(colour, coloured, style, a * side + b);
      context.fillStyle = `rgb(${[...colour].join(" ")} / ${alpha(count) / 255})`;
      const w = a >= bins ? frame.lane : Math.max(1.5, cellWidth);
      const h = b >= bins ? 8 : Math.max(1.5, cellHeight);
      context.fillRect(frame.x(px) - w / 2, frame.y(py) - h / 2, w, h);
    }
}

/** A cube as a picture, a pixel a cell. */
interface Layer {
  readonly image: OffscreenCanvas;
  /** The middles of the cells that stand alone, in pixels of the picture, and their colours. */
  readonly lone: readonly (readonly [number, number, string])[];
  readonly alpha: (count: number) => number;
}

/** What was made of each answer: while the selection changes, that of all rows does not. */
const made = new WeakMap<Cube, { readonly key: string; readonly palette: Palette; readonly layer: Layer }>();

function layerOf(cube: Cube, x: ZoomedSide, y: ZoomedSide, style: CellStyle): Layer {
  const key = JSON.stringify([x.cells, y.cells, y.categories > 0, style.colour, style.strength]);
  const known = made.get(cube);
  if (known?.key === key && known.palette === style.palette) return known.layer;
  const layer = drawLayer(cube, x, y, style);
  made.set(cube, { key, palette: style.palette, layer });
  return layer;
}

function drawLayer(cube: Cube, x: ZoomedSide, y: ZoomedSide, style: CellStyle): Layer {
  const counts = cube.counts[0]!;
  const { side } = cube;
  const coloured = { counts, colours: cube.colours[0] ?? null };
  const most = counts.reduce((max, count) => Math.max(max, count), 1);
  const alpha = (count: number) =>
    255 * style.strength * (FAINTEST + (1 - FAINTEST) * (Math.log1p(count) / Math.log1p(most)));
  const [nx, ny] = [x.cells.count, y.cells.count];
  const pixels = new ImageData(nx, ny);
  const colour = new Float64Array(3);
  const lone: [number, number, string][] = [];
  // Categories run from head to foot.
  const rowOf = (bin: number) => (y.categories ? bin : ny - 1 - bin);
  const at = (i: number, j: number) => counts[(x.cells.first + i) * side + y.cells.first + j]!;
  const lonely = (i: number, j: number) => {
    for (let a = Math.max(0, i - 1); a <= Math.min(nx - 1, i + 1); a++)
      for (let b = Math.max(0, j - 1); b <= Math.min(ny - 1, j + 1); b++)
        if ((a !== i || b !== j) && at(a, b) > 0) return false;
    return true;
  };
  for (let i = 0; i < nx; i++)
    for (let j = 0; j < ny; j++) {
      const count = at(i, j);
      if (count === 0) continue;
      cellColour(colour, coloured, style, (x.cells.first + i) * side + y.cells.first + j);
      const pixel = 4 * (rowOf(j) * nx + i);
      pixels.data[pixel] = colour[0]!;
      pixels.data[pixel + 1] = colour[1]!;
      pixels.data[pixel + 2] = colour[2]!;
      pixels.data[pixel + 3] = alpha(count);
      if (lonely(i, j)) lone.push([i + 0.5, rowOf(j) + 0.5, `rgb(${[...colour].join(" ")})`]);
    }
  const image = new OffscreenCanvas(nx, ny);
  image.getContext("2d")!.putImageData(pixels, 0, 0);
  return { image, lone, alpha };
}

/** The bin under a place of a side; −1 outside. */
export function binAt(side: ZoomedSide, place: number): number {
  if (place > 1.5) return FINE_BINS + place - 2;
  if (place < 0 || place > 1) return -1;
  const { first, count, from, to } = side.cells;
  const share = from + place * (to - from);
  const bin = side.categories ? Math.floor((1 - share) * count) : Math.floor(share * count);
  return first + Math.min(count - 1, Math.max(0, bin));
}
