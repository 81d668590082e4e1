// Bundles each host into the Python package. `node build.mjs [--watch]`
import { context, build } from "esbuild";
import { fileURLToPath } from "node:url";

const outdir = fileURLToPath(new URL("../src/undertow/static/", import.meta.url));
const options = {
  entryPoints: { page: "src/hosts/page.ts", server: "src/hosts/server.ts" },
  outdir,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome110", "firefox113", "safari16.4"], // the first with DecompressionStream everywhere
  jsx: "automatic",
  jsxImportSource: "preact",
  // The full texts of the licences travel in the wheel, as static/licenses.txt.
  legalComments: "none",
  banner: {
    js: "/* Undertow, Apache-2.0. Contains Preact and Preact Signals (MIT, Jason Miller, Preact Team) and d3 (ISC, Mike Bostock). */",
  },
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  await build(options);
}
