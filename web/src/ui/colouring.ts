import type { Vector } from "../core/column";
import type { Palette } from "../core/colour";
import { rampColour } from "../core/colour";

let last: {
  rows: number;
  vector: Vector | null;
  places: Float32Array | null;
  palette: Palette;
  colours: Uint8Array;
} | null = null;

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
  if (last && last.rows === rows && last.vector === vector && last.places === places && last.palette === palette)
    return last.colours;
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
  last = { rows, vector, places, palette, colours };
  return colours;
}
