import { own as ownOf } from "./own";
import type { Rgb, ThemeName } from "./oklab";
import { toRgb } from "./oklab";
import { huesOf, isCategorical, parseScheme, parsed, rampOf } from "./schemes";

/** An OKLCH colour: lightness in [0, 1], chroma, hue in degrees. https://bottosson.github.io/posts/oklab/ */
type Oklch = readonly [number, number, number];
export type { Rgb, ThemeName } from "./oklab";

/** Colours the drawing needs and that CSS cannot hand to a canvas. */
export interface Palette {
  /** Tells it from every other. */
  readonly key: string;
  /** Lines outside the selection, [r, g, b, a] in [0, 1], not premultiplied. */
  readonly context: readonly [number, number, number, number];
  /** A line when nothing colours it. */
  readonly plain: Rgb;
  /** A line whose colour value is missing or not finite. */
  readonly unknown: Rgb;
  /** 256 RGBA entries of the sequential map. */
  readonly ramp: Uint8Array;
  readonly categories: readonly Rgb[];
}

/*
 * The sequential map runs from deep water to sunlit sand: lightness rises evenly from end to end, so that it can be read
 * without telling hues apart, and it stays clear of the page's own lightness at both of its ends.
 */
const TIDE: Record<ThemeName, readonly Oklch[]> = {
  light: [
    [0.33, 0.135, 282],
    [0.45, 0.12, 245],
    [0.56, 0.105, 205],
    [0.67, 0.125, 155],
    [0.77, 0.155, 90],
  ],
  dark: [
    [0.5, 0.17, 285],
    [0.6, 0.135, 248],
    [0.7, 0.115, 205],
    [0.8, 0.13, 155],
    [0.9, 0.16, 95],
  ],
};

/* Okabe and Ito's set, told apart by the colour-blind; its yellow and black moved away from white and black pages.
   https://jfly.uni-koeln.de/color/ */
const CATEGORIES: Record<ThemeName, readonly Rgb[]> = {
  light: [
    [0, 114, 178],
    [213, 94, 0],
    [0, 158, 115],
    [204, 121, 167],
    [176, 137, 0],
    [74, 155, 214],
    [110, 64, 170],
    [90, 96, 104],
  ],
  dark: [
    [86, 180, 233],
    [240, 138, 70],
    [42, 191, 146],
    [224, 150, 192],
    [240, 214, 72],
    [120, 150, 240],
    [178, 140, 232],
    [170, 178, 188],
  ],
};

const palettes = new Map<ThemeName, Palette>();

/** The palette of a theme, made once. */
export function palette(theme: ThemeName): Palette {
  let made = palettes.get(theme);
  if (!made) {
    made = {
      key: theme,
      context: theme === "light" ? [0.45, 0.5, 0.56, 0.22] : [0.62, 0.68, 0.76, 0.16],
      plain: theme === "light" ? [22, 104, 140] : [96, 190, 214],
      unknown: theme === "light" ? [150, 40, 60] : [255, 120, 130],
      ramp: ramp(TIDE[theme]),
      categories: CATEGORIES[theme],
    };
    palettes.set(theme, made);
  }
  return made;
}

/** How a column is to be coloured, where a person or a script has chosen. */
export interface Colouring {
  /** A scheme by d3's name, "" for the page's own; or colours as CSS writes them, from low to high. */
  readonly scheme: string | readonly string[];
  readonly reversed: boolean;
  /** The value in the middle of the ramp; null for none. */
  readonly midpoint: number | null;
  /** Colours of single categories. */
  readonly own: Readonly<Record<string, string>>;
}

export const PLAIN_COLOURING: Colouring = { scheme: "", reversed: false, midpoint: null, own: {} };

/**
 * A palette as a colouring has it.
 *
 * @param middle Where the midpoint stands on the column's scale, in (0, 1); null for none.
 * @param categories The column's categories; null for numbers.
 * @param most How many categories may have a hue each.
 */
export function dressed(
  base: Palette,
  theme: ThemeName,
  { scheme, reversed, own }: Colouring,
  middle: number | null,
  categories: readonly string[] | null,
  most: number,
): Palette {
  const chosen = typeof scheme === "string" ? parseScheme(scheme) : { name: "", reversed: false };
  let ramp = base.ramp;
  if (typeof scheme !== "string") ramp = between(scheme) ?? ramp;
  else if (isCategorical(chosen.name) === false) ramp = rampOf(chosen.name, theme) ?? ramp;
  let hues = (typeof scheme === "string" ? huesOf(chosen.name) : null) ?? base.categories;
  if (categories && typeof scheme !== "string") hues = scheme.map(parsed).filter((hue) => hue !== null);
  hues = hues.slice(0, Math.max(most, base.categories.length));
  if (categories && categories.length <= most) {
    const given = categories.map((name, i) => parsed(ownOf(own, name) ?? "") ?? hues[i]);
    if (given.every((hue) => hue !== undefined)) hues = [...given, ...hues.slice(given.length)];
  }
  return {
    ...base,
    key: JSON.stringify([base.key, scheme, reversed, middle, own]),
    ramp: warped(ramp, reversed !== chosen.reversed, middle),
    categories: hues.slice(0, Math.max(most, Math.min(hues.length, base.categories.length))),
  };
}

/** A ramp through given colours; null where one of them is none. */
function between(colours: readonly string[]): Uint8Array | null {
  const stops = colours.map(parsed);
  if (stops.length === 0 || stops.includes(null)) return null;
  const out = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const [k, f] = [Math.floor(at), at % 1];
    const [from, to] = [stops[k]!, stops[Math.min(k + 1, stops.length - 1)]!];
    out.set([0, 1, 2].map((c) => Math.round(from[c]! + f * (to[c]! - from[c]!))).concat(255), 4 * i);
  }
  return out;
}

/** The ramp turned round, and bent so that its middle stands at `middle`. */
function warped(ramp: Uint8Array, reversed: boolean, middle: number | null): Uint8Array {
  if (!reversed && middle === null) return ramp;
  const out = new Uint8Array(ramp.length);
  for (let i = 0; i < 256; i++) {
    let t = i / 255;
    if (middle !== null) t = t < middle ? (0.5 * t) / middle : 0.5 + (0.5 * (t - middle)) / (1 - middle);
    const at = 4 * Math.round(255 * (reversed ? 1 - t : t));
    out.set(ramp.subarray(at, at + 4), 4 * i);
  }
  return out;
}

/** The ramp's colour at `t` in [0, 1]. */
export function rampColour(ramp: Uint8Array, t: number): Rgb {
  const i = 4 * Math.round(255 * Math.min(1, Math.max(0, t)));
  return [ramp[i]!, ramp[i + 1]!, ramp[i + 2]!];
}

/** `rgb(…)` for CSS. */
export function css([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}

function ramp(stops: readonly Oklch[]): Uint8Array {
  const out = new Uint8Array(256 * 4);
  const lab = stops.map(
    ([l, c, h]) => [l, c * Math.cos((h * Math.PI) / 180), c * Math.sin((h * Math.PI) / 180)] as const,
  );
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const k = Math.min(stops.length - 2, Math.floor(at));
    const [from, to, f] = [lab[k]!, lab[k + 1]!, at - k];
    // Smooth in a and b, straight in lightness: no band stands out where two pieces meet.
    const s = f * f * (3 - 2 * f);
    const colour = toRgb([
      from[0] + f * (to[0] - from[0]),
      from[1] + s * (to[1] - from[1]),
      from[2] + s * (to[2] - from[2]),
    ]);
    out.set([...colour, 255], 4 * i);
  }
  return out;
}
