import { servePlace } from "../engine/handle";
import { serveRaster } from "../render/raster-renderer";

/** Makes the worker that this is called in what its name says: the raster, or a place where rows are kept. */
export function work(): void {
  if (self.name === "raster") serveRaster(self as unknown as Parameters<typeof serveRaster>[0]);
  else servePlace(self as unknown as Parameters<typeof servePlace>[0]);
}
