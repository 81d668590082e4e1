/** Lines between two axes, each with a colour of its own. */
export interface LineSet {
  /** Every line's place on the left and the right axis: [0, 1], or a slot (core/scale.ts). */
  readonly left: Float32Array;
  readonly right: Float32Array;
  /** RGBA a line, 0–255, not premultiplied. */
  readonly colours: Uint8Array;
}

/** Joint counts of two axes as a picture needs them. */
export interface Grid {
  /** Bins on the scale; five more stand for what lies beyond it. */
  readonly bins: number;
  /** How many categories the left and the right axis have, whose lines all meet in points; 0 for numbers. Never two of them. */
  readonly points: readonly [number, number];
  /** (bins + 5)² × RGBA, the left axis' bin varying slowest: colour times count, and count. */
  readonly data: Float32Array;
  /** The density that is drawn at full strength: lines a CSS pixel of height. */
  readonly peak: number;
  /** How strong that is, 0–1. */
  readonly strength: number;
}

/** What is drawn of many lines between two axes: a grid where they are dense, lines where single cells can be told. */
export interface Density {
  readonly grid: Grid | null;
  readonly cells: LineSet | null;
}

/** One stretch between two neighbouring axes. */
export interface Panel {
  /** Places of the scene's exact rows. */
  readonly left: Float32Array;
  readonly right: Float32Array;
  /** CSS pixels. */
  readonly x0: number;
  readonly x1: number;
  /** 1 for an inverted axis, 0 for an upright one; between the two while it turns. */
  readonly flipLeft: number;
  readonly flipRight: number;
  /** Drawn below the exact rows, the first lowest. */
  readonly densities: readonly Density[];
}

/** Everything a renderer needs for one picture. Lengths are CSS pixels. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
  readonly panels: readonly Panel[];
  /** The y of position 1 and of position 0. */
  readonly head: number;
  readonly foot: number;
  /** The y of each slot, from `Slot.PositiveInfinity` on: of each special bin, too. */
  readonly slots: readonly number[];
  /** RGBA an exact row, 0–255, not premultiplied; its alpha is what it weighs. */
  readonly colours: Uint8Array;
  /** 1 for a selected exact row, 0 for one that is context. */
  readonly selected: Uint8Array;
  readonly lineWidth: number;
  /** Opacity of selected lines, 0–1. */
  readonly opacity: number;
  /** RGBA in [0, 1] of the rows that are not selected; null leaves them out. */
  readonly context: readonly [number, number, number, number] | null;
  /** Whether exact rows leave every axis level and bend between; densities stay straight. */
  readonly curved?: boolean;
}

/** Draws scenes into a canvas that it owns. */
export interface Renderer {
  readonly kind: "webgl2" | "raster";
  readonly canvas: HTMLCanvasElement;
  /**
   * Draws now or soon; of several calls in a row only the last counts.
   *
   * @param drawn Called once the scene's pixels are on the canvas; not where a later scene took its place.
   */
  draw(scene: Scene, drawn?: () => void): void;
  dispose(): void;
}

/** The y in CSS pixels of a place on an axis. */
export function height(place: number, flip: number, scene: Pick<Scene, "head" | "foot" | "slots">): number {
  if (place > 1) return scene.slots[place - 2]!;
  return scene.foot + (place + flip * (1 - 2 * place)) * (scene.head - scene.foot);
}

/** How far a line has come from its left to its right height after a share `t` of the way: the smoothstep where it bends. */
export function ease(t: number, curved: boolean): number {
  return curved ? t * t * (3 - 2 * t) : t;
}

/** The derivative of `ease`. */
export function easeSlope(t: number, curved: boolean): number {
  return curved ? 6 * t * (1 - t) : 1;
}

/** Bends the logarithm, which alone lets the middle of a bundle stand out too little. */
export const GAMMA = 1.5;

/** How strong a density is drawn: logarithmic, so that both one line and a thousand on one pixel are seen. */
export function tone(density: number, { peak, strength }: Pick<Grid, "peak" | "strength">): number {
  return Math.min(1, Math.log1p(density) / Math.log1p(peak)) ** GAMMA * strength;
}
