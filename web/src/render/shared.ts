import type { Renderer, Scene } from "./scene";
import { WebglRenderer } from "./webgl";

/*
 * A browser keeps some sixteen WebGL contexts and silently takes the oldest away for the next. A notebook may hold more
 * plots than that, so they all draw with one, and keep a copy of what it drew.
 */
let shared: WebglRenderer | null | undefined;
let users = 0;

/** Draws with the one WebGL2 context of the page. */
export class SharedRenderer implements Renderer {
  readonly kind = "webgl2";
  readonly canvas = document.createElement("canvas");
  readonly #ink = this.canvas.getContext("2d")!;
  #frame = 0;
  #scene: Scene | null = null;
  #drawn: (() => void) | undefined;

  /** @returns null where WebGL2 is missing or emulated: see `WebglRenderer.create`. */
  static create(force = false): SharedRenderer | null {
    if (shared === undefined) {
      shared = WebglRenderer.create(force);
      shared?.canvas.addEventListener("webglcontextrestored", () => all.forEach((each) => each.#again()));
    }
    return shared ? new SharedRenderer() : null;
  }

  private constructor() {
    users++;
    all.add(this);
  }

  draw(scene: Scene, drawn?: () => void): void {
    this.#scene = scene;
    this.#drawn = drawn;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (!shared?.paint(this.#scene!)) return;
      const { width, height } = shared.canvas;
      if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
      this.#ink.clearRect(0, 0, width, height);
      this.#ink.drawImage(shared.canvas, 0, 0);
      this.#drawn?.();
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    all.delete(this);
    if (--users > 0) return;
    shared?.dispose();
    shared = undefined;
  }

  #again(): void {
    if (this.#scene) this.draw(this.#scene, this.#drawn);
  }
}

const all = new Set<SharedRenderer>();
