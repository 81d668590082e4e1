/** An OKLCH colour: lightness in [0, 1], chroma, hue in degrees. https://bottosson.github.io/posts/oklab/ */
type Oklch = readonly [number, number, number];
export type Rgb = readonly [number, number, number];
export type ThemeName = "light" | "dark";

/** Colours the drawing needs and that CSS cannot hand to a canvas. */
export interface Palette {
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
    const colour = oklabToRgb(
      from[0] + f * (to[0] - from[0]),
      from[1] + s * (to[1] - from[1]),
      from[2] + s * (to[2] - from[2]),
    );
    out.set([...colour, 255], 4 * i);
  }
  return out;
}

function oklabToRgb(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function encode(linear: number): number {
  const c = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055));
}
