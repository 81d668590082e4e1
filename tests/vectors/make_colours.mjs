// Makes src/undertow/view/picture/schemes.json: what Python needs of d3's colours to draw without a browser.
//
//     node tests/vectors/make_colours.mjs
//
// {"ramps": {name: 65 colours from t = 0 to t = 1, six hexadecimal digits each}, "hues": {name: as many as it has},
//  "words": {CSS name: colour}}; names in lower case.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { resolve } = createRequire(new URL("../../web/package.json", import.meta.url));
const chromatic = await import(pathToFileURL(resolve("d3-scale-chromatic")));
const { rgb } = await import(pathToFileURL(resolve("d3-color")));

const STOPS = 65;
const hex = (colour) => rgb(colour).formatHex().slice(1);
const [ramps, hues] = [{}, {}];
for (const [name, scheme] of Object.entries(chromatic)) {
  const bare = name.replace(/^(interpolate|scheme)/, "").toLowerCase();
  if (typeof scheme === "function")
    ramps[bare] = Array.from({ length: STOPS }, (_, i) => hex(scheme(i / (STOPS - 1)))).join("");
  else if (typeof scheme[0] === "string") hues[bare] = scheme.map(hex).join("");
}
// d3 keeps its words to itself; the text beside its door has them.
const source = readFileSync(new URL("color.js", pathToFileURL(resolve("d3-color"))), "utf8");
const words = Object.fromEntries(
  [...source.matchAll(/^\s+([a-z]+): 0x[0-9a-f]{6}/gm)].map(([, word]) => [word, hex(word)]),
);
if (Object.keys(words).length !== 148) throw new Error(`${Object.keys(words).length} words`);
writeFileSync(
  new URL("../../src/undertow/view/picture/schemes.json", import.meta.url),
  `${JSON.stringify({ ramps, hues, words }, null, 1)}\n`,
);
