import { describe, expect, it } from "vitest";
import colours from "../../../tests/vectors/colours.json";
import vectors from "../../../tests/vectors/ticks.json";
import { categoryScale } from "../../src/core/category-scale";
import type { ThemeName } from "../../src/core/colour";
import { dressed, palette } from "../../src/core/colour";
import type { ColumnInfo, ScaleName } from "../../src/core/column";
import { formatNumber, formatShort, formatTime } from "../../src/core/format";
import { defaultScale, makeScale } from "../../src/core/scale";
import { percentiles } from "../../src/engine/column-data";
import { summarize } from "../../src/engine/summary";

const heard = (value: number | string | null) =>
  typeof value === "string" ? { nan: NaN, inf: Infinity, "-inf": -Infinity }[value]! : value;

// Python draws pictures by these vectors: where the page changes, `node tests/vectors/make_ticks.mjs` tells it.
describe("the vectors that Python's pictures are held to", () => {
  it("say of numbers and times what the page says", () => {
    for (const [value, plain, short] of vectors.numbers as [number | string, string, string][])
      expect([formatNumber(heard(value)!), formatShort(heard(value)!)], String(value)).toEqual([plain, short]);
    for (const [value, text] of vectors.times as [number, string][]) expect(formatTime(value)).toBe(text);
  });

  it("say of scales what the page says", () => {
    for (const { kind, scale: name, values, names, starts, ticks } of vectors.scales) {
      const given = values.map(heard);
      const valid = new Uint8Array((given.length + 7) >> 3);
      given.forEach((value, i) => (valid[i >> 3]! |= Number(value !== null) << (i & 7)));
      const vector = { values: Float64Array.from(given, (value) => value ?? 0), valid, categories: names };
      const summary = summarize("x", vector);
      const info = { name: "x", kind, scale: null } as unknown as ColumnInfo;
      expect(defaultScale(info, summary)).toBe(starts);
      const keys = Float64Array.from(given, (value) => (value !== null && Number.isFinite(value) ? value : NaN));
      const scale = names
        ? categoryScale(names, summary)
        : makeScale(name as ScaleName, [summary], name === "percentile" ? percentiles([keys]) : null);
      for (const [length, known] of Object.entries(ticks))
        expect(scale.ticks(Number(length)).map(({ position, label }) => [position, label])).toEqual(known);
    }
  });

  it("say of colours what the page says", () => {
    const hex = (bytes: Iterable<number>) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    for (const { scheme, reversed, middle, own, categories, theme, ramp, hues } of colours) {
      const colouring = { scheme, reversed, midpoint: middle, own: own as Record<string, string> };
      const made = dressed(palette(theme as ThemeName), theme as ThemeName, colouring, middle, categories, 8);
      expect(hex(made.ramp.filter((_, i) => i % 4 < 3))).toBe(ramp);
      expect(made.categories.map(hex).join("")).toBe(hues);
    }
  });
});
