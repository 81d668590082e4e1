import type { Vector } from "../core/column";
import type { Palette } from "../core/colour";
import { rampColour } from "../core/colour";

interface Coloured {
  readonly rows: number;
  readonly vector: Vector | null;
  readonly places: Float32Array | null;
  readonly palette: Palette;
  readonly colours: Uint8Array;
}

/** What was coloured last, the latest first: the plot's rows and the one under the pointer take turns. */
let known: readonly Coloured[] = [];
const KEPT = 4;

/**
 * The colour of every row: along the ramp by its place on the colour column's own scale, or one hue a category.
 *
 * @returns RGBA a row; the same array while nothing has changed, so that the GPU keeps it.
 */
export function colourRows(
  rows: number,
  vector: Vector | null,
  places: Float32Array | null,
  palette: Palette,
): Uint8Array {
  const found = known.find(
    (each) => each.rows === rows && each.vector === vector && each.places === places && each.palette === palette,
  );
  if (found) {
    known = [found, ...known.filter((each) => each !== found)];
    return found.colours;
  }
  const colours = new Uint8Array(4 * rows);
  const { categories } = palette;
  for (let row = 0; row < rows; row++) {
    let colour = palette.plain;
    if (vector && places) {
      const place = places[row]!;
      if (place > 1) colour = palette.unknown;
      else if (vector.categories && vector.categories.length <= categories.length)
        colour = categories[vector.values[row]!]!;
      else colour = rampColour(palette.ramp, place);
    }
    colours.set(colour, 4 * row);
    colours[4 * row + 3] = 255;
  }
  known = [{ rows, vector, places, palette, colours }, ...known.slice(0, KEPT - 1)];
  return colours;
}
