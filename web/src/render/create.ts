import { RasterRenderer } from "./raster-renderer";
import type { Renderer } from "./scene";
import { WebglRenderer } from "./webgl";

/**
 * The renderer that suits this machine: WebGL2 where a GPU draws it, else the CPU raster.
 *
 * @param script The page's own script, to start a worker from; empty draws in the page's thread.
 * @param wanted "webgl2" or "raster" to have that one, if it can be had.
 */
export function createRenderer(script: string, wanted: string | null): Renderer {
  const webgl = wanted === "raster" ? null : WebglRenderer.create(wanted === "webgl2");
  return webgl ?? new RasterRenderer(startWorker(script));
}

function startWorker(script: string): Worker | null {
  if (!script) return null;
  try {
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    return new Worker(url);
  } catch {
    // Some notebooks forbid workers; the picture is worth a wait.
    return null;
  }
}
