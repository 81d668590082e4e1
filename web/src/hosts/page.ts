import "../ui/style.css";
import { openContainer } from "../engine/container";
import { createRenderer } from "../render/create";
import { serveRaster } from "../render/raster-renderer";
import { mount } from "../workbench";

/* This one script is the page and, started again as a worker, its CPU raster: a page opened from disk has no second file. */
if (typeof document === "undefined") serveRaster(globalThis as unknown as Parameters<typeof serveRaster>[0]);
else void start(document.currentScript?.textContent ?? "");

async function start(script: string): Promise<void> {
  const root = document.getElementById("undertow")!;
  try {
    const text = (id: string) => document.getElementById(id)?.textContent ?? "";
    const data = await openContainer(text("undertow-header"), text("undertow-body"));
    mount(root, data, createRenderer(script, new URLSearchParams(location.hash.slice(1)).get("renderer")));
  } catch (error) {
    root.textContent = `Undertow could not open this page. ${error instanceof Error ? error.message : String(error)}`;
    throw error;
  }
}
