/** One stretch between two neighbouring axes. */
export interface Panel {
  /** Every row's place on the left and the right axis: [0, 1], or a slot (core/scale.ts). */
  readonly left: Float32Array;
  readonly right: Float32Array;
  /** CSS pixels. */
  readonly x0: number;
  readonly x1: number;
  /** 1 for an inverted axis, 0 for an upright one; between the two while it turns. */
  readonly flipLeft: number;
  readonly flipRight: number;
}

/** Everything a renderer needs for one picture of exact lines. Lengths are CSS pixels. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
  readonly panels: readonly Panel[];
  /** The y of position 1 and of position 0. */
  readonly head: number;
  readonly foot: number;
  /** The y of each slot, from `Slot.PositiveInfinity` on. */
  readonly slots: readonly number[];
  /** RGBA a row, 0–255, not premultiplied. */
  readonly colours: Uint8Array;
  /** 1 for a selected row, 0 for one that is context. */
  readonly selected: Uint8Array;
  readonly lineWidth: number;
  /** Opacity of selected lines, 0–1. */
  readonly opacity: number;
  /** RGBA in [0, 1] of the lines that are not selected; null leaves them out. */
  readonly context: readonly [number, number, number, number] | null;
}

/** Draws exact lines into a canvas that it owns. */
export interface Renderer {
  readonly kind: "webgl2" | "raster";
  readonly canvas: HTMLCanvasElement;
  /** Draws now or soon; of several calls in a row only the last counts. */
  draw(scene: Scene): void;
  dispose(): void;
}

/** The y in CSS pixels of a place on an axis. */
export function height(place: number, flip: number, scene: Pick<Scene, "head" | "foot" | "slots">): number {
  if (place > 1) return scene.slots[place - 2]!;
  return scene.foot + (place + flip * (1 - 2 * place)) * (scene.head - scene.foot);
}
