// Bundles each host into the Python package. `node build.mjs [--watch]`
import { context, build } from "esbuild";
import { fileURLToPath } from "node:url";

const outdir = fileURLToPath(new URL("../src/undertow/static/", import.meta.url));
const common = {
  bundle: true,
  minify: true,
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

/** `import script from "undertow:worker"`: the built worker as text, since a widget has no file to start one from. */
const workerAsText = {
  name: "worker-as-text",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^undertow:worker$/ }, ({ path }) => ({ path, namespace: "built" }));
    onLoad({ filter: /.*/, namespace: "built" }, async () => {
      const entry = fileURLToPath(new URL("src/hosts/worker.ts", import.meta.url));
      const built = await build({
        ...common,
        banner: {},
        entryPoints: [entry],
        format: "iife",
        write: false,
        metafile: true,
      });
      const watchFiles = Object.keys(built.metafile.inputs).map((path) =>
        fileURLToPath(new URL(path, import.meta.url)),
      );
      return { contents: built.outputFiles[0].text, loader: "text", watchFiles };
    });
  },
};

const bundles = [
  { ...common, entryPoints: { page: "src/hosts/page.ts", server: "src/hosts/server.ts" }, outdir, format: "iife" },
  { ...common, entryPoints: { widget: "src/hosts/widget.ts" }, outdir, format: "esm", plugins: [workerAsText] },
];
for (const options of bundles) {
  if (process.argv.includes("--watch")) await (await context(options)).watch();
  else await build(options);
}
