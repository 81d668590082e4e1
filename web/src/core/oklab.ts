/** An OKLab colour: lightness in [0, 1], a, b. https://bottosson.github.io/posts/oklab/ */
export type Oklab = readonly [number, number, number];
/** A colour of the screen, 0–255 a channel. */
export type Rgb = readonly [number, number, number];
export type ThemeName = "light" | "dark";

/** Lightness that stands out from the ground of each theme: white, and near black. */
const SEEN = { light: [0.25, 0.84], dark: [0.44, 0.97] } as const;

/** As bytes of sRGB, cut off where the screen has no such colour. */
export function toRgb([lightness, a, b]: Oklab): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** The inverse of `toRgb`. */
export function fromRgb(colour: Rgb): Oklab {
  const [r, g, b] = colour.map(decode) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/**
 * A ramp as 256 RGBA entries. Where some of it would vanish in the ground, its lightness as a whole is pressed together,
 * so that what was lighter stays lighter.
 */
export function fitted(colours: readonly Rgb[], theme: ThemeName): Uint8Array {
  const lab = colours.map(fromRgb);
  const all = lab.map(([lightness]) => lightness);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const [least, most] = [Math.max(low, SEEN[theme][0]), Math.min(high, SEEN[theme][1])];
  const stretch = high > low ? Math.max(0, most - least) / (high - low) : 1;
  const out = new Uint8Array(4 * colours.length);
  lab.forEach(([lightness, a, b], i) => {
    const seen = low === least && high === most ? lightness : least + (lightness - low) * stretch;
    out.set([...toRgb([seen, a, b]), 255], 4 * i);
  });
  return out;
}

function encode(linear: number): number {
  const c = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055));
}

function decode(byte: number): number {
  const c = byte / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}
