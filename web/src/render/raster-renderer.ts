import { nextTask } from "../core/task";
import { Borrower, Lender } from "./lend";
import { rasterize } from "./raster";
import type { Renderer, Scene } from "./scene";

/** What the worker is asked and what it answers. */
export interface RasterAnswer {
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/** Draws with the CPU raster, in a worker where the page may start one. */
export class RasterRenderer implements Renderer {
  readonly kind = "raster";
  readonly canvas = document.createElement("canvas");
  #worker: Worker | null;
  #scene: Scene | null = null;
  readonly #lender = new Lender();
  #busy = false;
  #drawn: (() => void) | undefined;
  #waiting: { readonly scene: Scene; readonly drawn: (() => void) | undefined } | null = null;

  /** @param worker A worker that runs `serveRaster`; null draws in the page's own thread. */
  constructor(worker: Worker | null) {
    this.#worker = worker;
    worker?.addEventListener("message", ({ data }: MessageEvent<RasterAnswer>) => {
      this.#busy = false;
      this.#show(data);
      this.#drawn?.();
      if (this.#waiting) void this.#send();
    });
    worker?.addEventListener("error", () => {
      // The picture is worth a wait.
      worker.terminate();
      this.#worker = null;
      if (this.#scene) this.draw(this.#scene, this.#waiting?.drawn ?? this.#drawn);
    });
  }

  draw(scene: Scene, drawn?: () => void): void {
    this.#scene = scene;
    if (!this.#worker) {
      this.#show(rasterize(scene));
      drawn?.();
      return;
    }
    this.#waiting = { scene, drawn };
    if (!this.#busy) void this.#send();
  }

  async #send(): Promise<void> {
    this.#busy = true;
    // New grids are copied on their way, some milliseconds' worth, and a hand that moved may have made this scene.
    await nextTask();
    const next = this.#waiting;
    this.#waiting = null;
    if (!next) return;
    this.#drawn = next.drawn;
    this.#worker?.postMessage(this.#lender.pack(next.scene));
  }

  dispose(): void {
    this.#worker?.terminate();
  }

  #show({ pixels, width, height }: RasterAnswer): void {
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    if (width > 0 && height > 0) this.canvas.getContext("2d")!.putImageData(new ImageData(pixels, width, height), 0, 0);
  }
}

/** The part of a worker's global scope that is needed here; TypeScript's page library does not know it. */
export interface RasterScope {
  addEventListener(type: "message", listener: (event: MessageEvent<unknown>) => void): void;
  postMessage(message: RasterAnswer, transfer: Transferable[]): void;
}

/** Makes the worker that this is called in answer scenes with pixels. */
export function serveRaster(scope: RasterScope): void {
  const borrower = new Borrower();
  scope.addEventListener("message", ({ data }) => {
    const answer = rasterize(borrower.unpack(data) as Scene);
    scope.postMessage(answer, [answer.pixels.buffer]);
  });
}
