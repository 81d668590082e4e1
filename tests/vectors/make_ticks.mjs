// Makes ticks.json and colours.json: what the page's own code says of scales, ticks, formats and colours, which its twin
// in Python must say, too.
//
//     node tests/vectors/make_ticks.mjs
//
// ticks.json; V is a number, "nan", "inf", "-inf", or null for a missing value:
//   {"numbers": [[V, formatNumber, formatShort]], "times": [[milliseconds, formatTime]],
//    "scales": [{"kind", "scale", "values": [V], "names": [name] or null, "starts": defaultScale, "places": [a place a value],
//                "ticks": {length: [[position, label]]}}]}
// colours.json: [{"scheme", "reversed", "middle", "own", "categories", "theme", "ramp", "hues"}], colours as hexadecimal digits.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const web = new URL("../../web/", import.meta.url);
const { build } = createRequire(new URL("package.json", web))("esbuild");
const parts = [
  "core/scale",
  "core/format",
  "core/category-scale",
  "core/colour",
  "engine/summary",
  "engine/column-data",
];
const built = await build({
  stdin: {
    contents: parts.map((part) => `export * from "./src/${part}";`).join("\n"),
    resolveDir: fileURLToPath(web),
    loader: "ts",
  },
  bundle: true,
  write: false,
  format: "esm",
});
const page = await import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].text).toString("base64")}`);

// mulberry32: the same numbers every time.
let state = 5;
const chance = () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
const spoken = (value) =>
  value === null || Number.isFinite(value) ? value : Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
const several = (count, make) => Array.from({ length: count }, (_, i) => make(i));

const numbers = [
  ...[0, -0, 1, -1, 0.5, 0.125, 1 / 3, 12.345, 0.00012345, 9999, 9999.4, 9999.5, 9999.6, 10000, 12340.6, 99995],
  ...[999949.9, 999999.5, 1e6, 1234567, 9999999, 1e7, 1.5e7, 999.95, 1e15, 1e21, 5e-324, 1.7976931348623157e308, 1e-3],
  ...[0.0009999, 0.00099995, 2.5, 0.00025, 1.00005, 100.05, NaN, Infinity, -Infinity, 2 ** 53, 0.1 + 0.2, 2024, -2024.5],
  ...several(120, () => (chance() < 0.5 ? -1 : 1) * 10 ** (chance() * 24 - 12)),
  ...several(60, () => Math.round((chance() - 0.3) * 10 ** (chance() * 9))),
].map((value) => [spoken(value), page.formatNumber(value), page.formatShort(value)]);
const times = [
  ...[0, 1, 999, 1000, 86_400_000, 1_764_000_000_123, 1_764_028_800_000, -1, -62_167_219_200_000, 253_402_300_800_000],
  ...[8.64e15, 8.64e15 + 1, 0.75, -0.75],
].map((value) => [value, page.formatTime(value)]);

const LENGTHS = [60, 137, 320, 560, 1200];
const HOUR = 3_600_000;
const T0 = Date.UTC(2026, 10, 24, 17, 3, 21, 250);
const odd = [null, NaN, Infinity, -Infinity];
const shapes = [
  ["number", several(40, (i) => i / 4)],
  ["number", several(18, (i) => i)],
  ["number", several(200, () => chance())],
  ["number", [...several(50, () => chance() * 3 - 1), ...odd]],
  ["number", several(60, () => 10 ** (chance() * 5 - 4))],
  ["number", several(60, () => 3 * 10 ** (chance() * 0.9))],
  ["number", [...several(60, () => 10 ** (chance() * 14 - 9)), 0, -3, ...odd]],
  ["number", several(60, () => 10 ** (chance() * 40 - 20))],
  ["number", several(60, (i) => 0.02 + 8 * Math.exp(-i))],
  ["number", several(30, () => (chance() - 0.5) * 10 ** (chance() * 6))],
  ["number", [1.00001, 1.000012, 1.00002]],
  ["number", [1e9, 1e9 + 3, 1e9 + 7]],
  ["number", [0.1, 0.1 + 2 ** -50]],
  ["number", [5, 5, 5]],
  ["number", [0.25, null, NaN]],
  ["number", [0, 0]],
  ["number", [null, null]],
  ["number", [NaN, Infinity]],
  ["number", []],
  ["number", [-1e308, 1e308, 3]],
  ["number", [1, 1000]],
  ["number", [1990, 2003, 2024]],
  ["number", [0, 1]],
  ["time", [T0, T0 + 40]],
  ["time", [T0, T0 + 900]],
  ["time", several(9, (i) => T0 + i * 4700)],
  ["time", several(9, (i) => T0 + i * 61_000)],
  ["time", several(9, (i) => T0 + i * 13 * 60_000)],
  ["time", several(9, (i) => T0 + i * 5 * HOUR)],
  ["time", several(9, (i) => T0 + i * 31 * HOUR)],
  ["time", several(9, (i) => T0 + i * 9 * 24 * HOUR)],
  ["time", several(9, (i) => T0 + i * 40 * 24 * HOUR)],
  ["time", several(9, (i) => T0 + i * 400 * 24 * HOUR)],
  ["time", [-62_135_596_800_000, 253_402_300_799_999]],
  ["time", [T0]],
  ["category", several(30, () => Math.floor(chance() * 3)), ["sgd", "adam", "lion"]],
  ["category", [0, null, 0], ["only"]],
  ["category", several(400, () => Math.floor(90 * chance() ** 3)), several(90, (i) => `name ${i}`)],
  ["category", several(3000, (i) => i), several(3000, (i) => `id ${i}`)],
];
const scales = shapes.flatMap(([kind, values, names = null]) => {
  const valid = new Uint8Array((values.length + 7) >> 3);
  values.forEach((value, i) => (valid[i >> 3] |= Number(value !== null) << (i & 7)));
  const numbers = Float64Array.from(values, (value) => value ?? 0);
  const vector = { values: numbers, valid: values.includes(null) ? valid : null, categories: names };
  const summary = page.summarize("x", vector);
  const info = { name: "x", kind, scale: null };
  const keys = Float64Array.from(values, (value) => (value !== null && Number.isFinite(value) ? value : NaN));
  const possible = kind === "number" ? page.possibleScales(info, summary) : [kind];
  return possible.map((name) => {
    const scale =
      kind === "category"
        ? page.categoryScale(names, summary)
        : page.makeScale(name, [summary], name === "percentile" ? page.percentiles([keys]) : null);
    return {
      kind,
      scale: name,
      values: values.map(spoken),
      names,
      starts: page.defaultScale(info, summary),
      places: [...page.positions(vector, scale)],
      ticks: Object.fromEntries(
        LENGTHS.map((length) => [length, scale.ticks(length).map((tick) => [tick.position, tick.label])]),
      ),
    };
  });
});

const hex = (colour) => [...colour].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const colours = ["light", "dark"].flatMap((theme) =>
  [
    {},
    { reversed: true },
    { midpoint: 0.2 },
    { scheme: "Viridis" },
    { scheme: "interpolateTurbo#inverse" },
    { scheme: "RdBu", midpoint: 0.7, reversed: true },
    { scheme: "Greys" },
    { scheme: "Sinebow" },
    { scheme: "Tableau10" },
    { scheme: ["#fff", "rgb(10, 20, 30)", "steelblue", "hsl(200, 50%, 40%)"] },
    { own: { b: "tomato" }, categories: ["a", "b", "c"] },
    { scheme: "schemeSet2", categories: ["a", "b", "c"] },
    { scheme: ["red", "blue"], categories: ["a", "b"] },
  ].map(({ scheme = "", reversed = false, midpoint = null, own = {}, categories = null }) => {
    const colouring = { scheme, reversed, midpoint, own };
    const made = page.dressed(page.palette(theme), theme, colouring, midpoint, categories, 8);
    const ramp = several(256, (i) => hex(made.ramp.subarray(4 * i, 4 * i + 3))).join("");
    const hues = made.categories.map(hex).join("");
    return { scheme, reversed, middle: midpoint, own, categories, theme, ramp, hues };
  }),
);

const lines = (cases) => `[\n${cases.map((each) => JSON.stringify(each)).join(",\n")}\n]`;
const here = (name) => new URL(name, import.meta.url);
writeFileSync(
  here("ticks.json"),
  `{"numbers": ${lines(numbers)},\n"times": ${lines(times)},\n"scales": ${lines(scales)}}\n`,
);
writeFileSync(here("colours.json"), `${lines(colours)}\n`);
