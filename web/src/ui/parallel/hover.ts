import type { Rgb } from "../../core/colour";
import { FINE_BINS } from "../../core/edges";
import { own } from "../../core/own";
import { positions } from "../../core/scale";
import type { Lens } from "../lens";
import { binPlaces } from "../grids";
import type { Theme } from "../theme";
import { take } from "../../engine/vectors";
import { yOf } from "./geometry";
import type { PlotModel } from "./model";
import { nearestRow } from "./nearest";
import type { Points } from "./overlay";

/** How near the pointer must come to a line to take it up, in CSS pixels. */
const REACH = 16;

/** Finds the line under the pointer: among the exact rows at once, among a crowd by asking the engine. */
export class Finder {
  readonly #model: PlotModel;
  #asking = false;
  #next: readonly [number, number] | null = null;
  /** How often the pointer has left: an answer from before is not wanted any more. */
  #left = 0;

  constructor(model: PlotModel) {
    this.#model = model;
  }

  /** Takes up the line nearest to a point of the plot. */
  find(x: number, y: number): void {
    const { lens, scene } = this.#model;
    const now = scene.peek();
    if (!now) return;
    if (!lens.crowd) {
      const row = nearestRow(now, x, y, REACH);
      const { vectors } = lens.exact.peek();
      lens.hover(
        row === null
          ? null
          : {
              row,
              from: "plot",
              values: Object.fromEntries(
                [...vectors].map(([name, vector]) => [name, take(vector, Uint32Array.of(row))]),
              ),
            },
      );
      return;
    }
    this.#next = [x, y];
    if (!this.#asking) void this.#ask();
  }

  /** Lets go of the line. */
  leave(): void {
    this.#next = null;
    this.#left++;
    this.#model.lens.hover(null);
  }

  /** One question at a time; of the places that the pointer passed meanwhile only the last counts. */
  async #ask(): Promise<void> {
    const { lens } = this.#model;
    this.#asking = true;
    while (this.#next) {
      const [x, y] = this.#next;
      this.#next = null;
      const left = this.#left;
      const row = await this.#nearest(x, y);
      const values = row === null ? null : await lens.engine.values(Uint32Array.of(row), lens.wanted.peek());
      if (left !== this.#left) continue;
      if (this.#next === null || row !== null)
        lens.hover(row === null || values === null ? null : { row, from: "plot", values });
    }
    this.#asking = false;
  }

  #nearest(x: number, y: number): Promise<number | null> {
    const model = this.#model;
    const { lens } = model;
    const between = model.neighbours(x);
    if (!between) return Promise.resolve(null);
    const g = model.geometry.peek();
    // Heights as shares of the axis, 0 at the head: turned axes and gutters in one measure.
    const share = (pixel: number) => (pixel - g.head) / (g.foot - g.head);
    const heights = [between.left, between.right].map((name) => {
      const { position, name: scale } = lens.scale(name);
      const places = binPlaces(FINE_BINS, scale === "category" ? position : null, lens.categories(name)?.length ?? 0);
      return places.map((place) => share(yOf(place, model.flip(name), g)));
    }) as unknown as readonly [Float32Array, Float32Array];
    return lens.engine.nearest({
      left: lens.binning(between.left),
      right: lens.binning(between.right),
      filters: lens.filters.peek(),
      t: between.t,
      y: share(y),
      heights,
      reach: REACH / 2 / (g.foot - g.head),
    });
  }
}

/** Where the line that is taken up meets the axes; empty where none is. */
export function highlight(model: PlotModel): Points {
  const { lens } = model;
  const hovered = lens.hovered.value;
  if (!hovered) return [];
  const g = model.geometry.value;
  return lens.drawn.value
    .filter((name) => own(hovered.values, name))
    .map(
      (name) =>
        [
          model.x(name) - model.scroll.value,
          yOf(positions(hovered.values[name]!, lens.scale(name))[0]!, model.flip(name), g),
        ] as const,
    )
    .sort((a, b) => a[0] - b[0]);
}

/** The colour of the line that is taken up. */
export function hoveredColour(lens: Lens, theme: Theme): Rgb {
  const hovered = lens.hovered.value;
  if (!hovered) return [0, 0, 0];
  const [r, g, b] = lens.coloursOf(1, hovered.values, theme.palette.value);
  return [r!, g!, b!];
}
