import { servePlace } from "../engine/handle";
import { serveRaster } from "../render/raster-renderer";

/* What works for a widget, which has no script element to start again as a worker: built first, and carried as text. */
if (self.name === "raster") serveRaster(self as unknown as Parameters<typeof serveRaster>[0]);
else servePlace(self as unknown as Parameters<typeof servePlace>[0]);
