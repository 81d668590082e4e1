import { FINE_BINS } from "../../core/edges";
import { binPlaces } from "../grids";
import { take } from "../../engine/vectors";
import { yOf } from "./geometry";
import type { PlotModel } from "./model";
import { nearestRow } from "./nearest";

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

  /** The row whose line passes a point of the plot; null where none is near. */
  async at(x: number, y: number): Promise<number | null> {
    const { lens, scene } = this.#model;
    const now = scene.peek();
    if (!now) return null;
    return lens.crowd ? this.#nearest(x, y) : nearestRow(now, x, y, REACH);
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
