// Bundles each host into the Python package. `node build.mjs [--watch]`
import { context, build } from "esbuild";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const outdir = fileURLToPath(new URL("../src/undertow/static/", import.meta.url));
const options = {
  entryPoints: { page: "src/hosts/page.ts" },
  outdir,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome110", "firefox113", "safari16.4"], // the first with DecompressionStream everywhere
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  rmSync(outdir, { recursive: true, force: true });
  await build(options);
}
