import { describe, expect, it } from "vitest";
import vectors from "../../../tests/vectors/schemes.json";
import type { Colouring, ThemeName } from "../../src/core/colour";
import { dressed, palette, PLAIN_COLOURING, rampColour } from "../../src/core/colour";
import { fromRgb, toRgb } from "../../src/core/oklab";
import { huesOf, isCategorical, parsed, parseScheme, rampOf } from "../../src/core/schemes";

const base = palette("light");
const dress = (
  change: Partial<Colouring>,
  middle: number | null = null,
  categories: string[] | null = null,
  most = 8,
) => dressed(base, "light", { ...PLAIN_COLOURING, ...change }, middle, categories, most);

describe("schemes", () => {
  it("knows every name that Python lets pass", () => {
    for (const name of vectors.ramps) {
      expect(isCategorical(parseScheme(name).name), name).toBe(false);
      expect(rampOf(parseScheme(name).name, "dark")).toHaveLength(1024);
    }
    for (const name of vectors.hues) {
      expect(isCategorical(parseScheme(name).name), name).toBe(true);
      expect(huesOf(parseScheme(name).name)!.length).toBeGreaterThan(7);
    }
  });

  it("reads names as d3 and HiPlot write them", () => {
    expect(parseScheme("interpolateViridis#inverse")).toEqual({ name: "viridis", reversed: true });
    expect(parseScheme("schemeTableau10")).toEqual({ name: "tableau10", reversed: false });
    expect(isCategorical("nothing of the kind")).toBeNull();
  });

  it.each(["light", "dark"] as ThemeName[])("keeps every ramp clear of the %s ground, and in order", (theme) => {
    for (const name of [...vectors.ramps]) {
      const ramp = rampOf(parseScheme(name).name, theme)!;
      const lightness = Array.from({ length: 256 }, (_, i) => fromRgb(rampColour(ramp, i / 255))[0]);
      if (theme === "light") expect(Math.max(...lightness), name).toBeLessThan(0.87);
      else expect(Math.min(...lightness), name).toBeGreaterThan(0.41);
    }
    const viridis = rampOf("viridis", theme)!;
    const rises = Array.from({ length: 16 }, (_, i) => fromRgb(rampColour(viridis, i / 15))[0]);
    expect(rises).toEqual([...rises].sort((a, b) => a - b));
  });

  it("goes to OKLab and back", () => {
    for (const colour of [
      [0, 0, 0],
      [255, 255, 255],
      [12, 200, 99],
    ] as const)
      expect(toRgb(fromRgb(colour))).toEqual(colour);
  });
});

describe("dressed", () => {
  it("turns the ramp round", () => {
    const turned = dress({ reversed: true });
    for (const t of [0, 0.25, 1]) expect(rampColour(turned.ramp, t)).toEqual(rampColour(base.ramp, 1 - t));
    // Twice is not at all.
    expect(rampColour(dress({ scheme: "viridis#inverse", reversed: true }).ramp, 0)).toEqual(
      rampColour(dress({ scheme: "viridis" }).ramp, 0),
    );
  });

  it("bends the ramp so that its middle stands at the midpoint", () => {
    const bent = dress({ scheme: "rdbu" }, 0.2);
    const straight = dress({ scheme: "rdbu" });
    expect(rampColour(bent.ramp, 51 / 255)).toEqual(rampColour(straight.ramp, 0.5));
    expect(rampColour(bent.ramp, 0)).toEqual(rampColour(straight.ramp, 0));
    expect(rampColour(bent.ramp, 1)).toEqual(rampColour(straight.ramp, 1));
  });

  it("takes colours of one's own", () => {
    const ramp = dress({ scheme: ["#000000", "rgb(200, 100, 0)"] }).ramp;
    expect(rampColour(ramp, 0)).toEqual([0, 0, 0]);
    expect(rampColour(ramp, 1)).toEqual([200, 100, 0]);
    const hues = dress({ own: { b: "red" } }, null, ["a", "b"]).categories;
    expect(hues[0]).toEqual(base.categories[0]);
    expect(hues[1]).toEqual([255, 0, 0]);
  });

  it("gives many categories a hue each where all have one", () => {
    const names = Array.from({ length: 12 }, (_, i) => `c${i}`);
    const own = Object.fromEntries(names.map((name, i) => [name, `rgb(${i}, 0, 0)`]));
    expect(dress({ own }, null, names, 12).categories.map(([r]) => r)).toEqual(names.map((_, i) => i));
    expect(dress({ own }, null, names, 8).categories.length).toBe(8);
  });

  it("does without what is no colour", () => {
    expect(parsed("url(evil)")).toBeNull();
    expect(dress({ scheme: ["nothing"] }).ramp).toBe(base.ramp);
    expect(dress({ scheme: "nothing" }).categories).toEqual(base.categories);
  });
});
