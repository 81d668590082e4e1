import { RasterRenderer } from "./raster-renderer";
import type { Renderer } from "./scene";
import { WebglRenderer } from "./webgl";

/**
 * The renderer that suits this machine: WebGL2 where a GPU draws it, else the CPU raster.
 *
 * @param startWorker Starts a worker that runs `serveRaster`; null where none is to be had.
 * @param wanted "webgl2" or "raster" to have that one, if it can be had.
 */
export function createRenderer(startWorker: () => Worker | null, wanted: string | null): Renderer {
  const webgl = wanted === "raster" ? null : WebglRenderer.create(wanted === "webgl2");
  return webgl ?? new RasterRenderer(startWorker());
}
