import { rgb } from "d3-color";
import * as chromatic from "d3-scale-chromatic";
import type { Rgb, ThemeName } from "./oklab";
import { fitted } from "./oklab";

/** What a person may choose, the evenest first. d3-scale-chromatic has more, and a script may name any of them. */
export const SEQUENTIAL = ["viridis", "cividis", "magma", "inferno", "plasma", "blues", "greys"] as const;
/** Two hues that part at a midpoint, told apart by the colour-blind. */
export const DIVERGING = ["rdbu", "puor", "brbg", "prgn"] as const;
/** A hue a category. */
export const CATEGORICAL = ["observable10", "tableau10", "dark2", "set2", "paired"] as const;

/** d3's functions and lists by their names in lower case, without what they begin with. */
const known = new Map(
  Object.entries(chromatic).map(([name, scheme]) => [name.replace(/^(interpolate|scheme)/, "").toLowerCase(), scheme]),
);
for (const [name, scheme] of Object.entries(chromatic))
  // A name of both kinds is a ramp's: d3's lists of it are samples of the ramp.
  if (name.startsWith("interpolate")) known.set(name.slice("interpolate".length).toLowerCase(), scheme);

/** A scheme's name as this page has it, and whether HiPlot's suffix turns it round. */
export function parseScheme(name: string): { readonly name: string; readonly reversed: boolean } {
  const [first = "", suffix] = name.split("#");
  return { name: first.replace(/^(interpolate|scheme)/i, "").toLowerCase(), reversed: suffix === "inverse" };
}

/** Whether a scheme gives each category a hue, rather than a number a place on a ramp; null for a name of neither kind. */
export function isCategorical(name: string): boolean | null {
  const scheme = known.get(name);
  return scheme === undefined ? null : typeof scheme !== "function";
}

const LABELS: Readonly<Record<string, string>> = { rdbu: "RdBu", puor: "PuOr", brbg: "BrBG", prgn: "PRGn" };

/** What a person reads. */
export function schemeLabel(name: string): string {
  return LABELS[name] ?? name.charAt(0).toUpperCase() + name.slice(1);
}

/**
 * 256 RGBA entries of a ramp, in d3's colours but for their lightness, which keeps clear of the page's ground.
 *
 * @returns null where no ramp has the name.
 */
export function rampOf(name: string, theme: ThemeName): Uint8Array | null {
  const scheme = known.get(name);
  if (typeof scheme !== "function") return null;
  return fitted(
    Array.from({ length: 256 }, (_, i) => parsed((scheme as (t: number) => string)(i / 255))!),
    theme,
  );
}

/** The hues of a categorical scheme; null where none has the name. */
export function huesOf(name: string): readonly Rgb[] | null {
  const scheme = known.get(name);
  return Array.isArray(scheme) && typeof scheme[0] === "string"
    ? (scheme as string[]).map((each) => parsed(each)!)
    : null;
}

/** A colour as CSS writes it; null for what is none. */
export function parsed(text: string): Rgb | null {
  const { r, g, b } = rgb(text);
  return Number.isFinite(r + g + b) ? [Math.round(r), Math.round(g), Math.round(b)] : null;
}
