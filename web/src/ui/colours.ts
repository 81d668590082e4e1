import { signal } from "@preact/signals";
import type { Colouring, Palette, ThemeName } from "../core/colour";
import { dressed, PLAIN_COLOURING } from "../core/colour";
import type { Vector } from "../core/column";
import { own } from "../core/own";
import { positions } from "../core/scale";
import { HUES } from "../engine/engine";
import { colourRows } from "./colouring";
import type { Lens } from "./lens";

/** How the columns of a frame are coloured: as a person chose, else as the frame says. */
export class Colours {
  /** What was chosen, by column. */
  readonly chosen = signal<Readonly<Record<string, Colouring>>>({});
  readonly #lens: Lens;

  constructor(lens: Lens) {
    this.#lens = lens;
  }

  of(column: string): Colouring {
    return own(this.chosen.value, column) ?? this.#lens.info(column).colouring ?? PLAIN_COLOURING;
  }

  choose(column: string, change: Partial<Colouring>): void {
    this.chosen.value = { ...this.chosen.value, [column]: { ...this.of(column), ...change } };
  }

  /** The palette of the column that colours the lines. */
  dress(base: Palette, theme: ThemeName): Palette {
    const name = this.#lens.color.value;
    if (name === null || !this.#lens.ready.value) return base;
    const colouring = this.of(name);
    if (colouring === PLAIN_COLOURING) return base;
    const categories = this.#lens.categories(name);
    // A cell of a density counts the rows of so many hues.
    const most = this.#lens.crowd ? HUES : Math.max(HUES, Object.keys(colouring.own).length);
    return dressed(base, theme, colouring, this.#middle(name, colouring.midpoint), categories, most);
  }

  /** RGBA an exact row of the lens. */
  ofRows(palette: Palette): Uint8Array {
    const { count, vectors } = this.#lens.exact.value;
    const name = this.#lens.color.value;
    const vector = name === null ? undefined : vectors.get(name);
    return colourRows(count, vector ?? null, name !== null && vector ? this.#lens.places(name) : null, palette);
  }

  /** RGBA of some rows given by their values. */
  ofValues(rows: number, values: Readonly<Record<string, Vector>>, palette: Palette): Uint8Array {
    const name = this.#lens.color.value;
    const vector = name === null ? undefined : own(values, name);
    const places = name !== null && vector ? positions(vector, this.#lens.scale(name)) : null;
    return colourRows(rows, vector ?? null, places, palette);
  }

  #middle(name: string, midpoint: number | null): number | null {
    if (midpoint === null || this.#lens.categories(name)) return null;
    const at = this.#lens.scale(name).position(midpoint);
    return at > 0 && at < 1 ? at : null;
  }
}
