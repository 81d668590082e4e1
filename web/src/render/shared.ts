import type { Renderer, Scene } from "./scene";
import { WebglRenderer } from "./webgl";

/*
 * A browser keeps some sixteen WebGL contexts and silently takes the oldest away for the next. A notebook may hold more
 * plots than that, so they all draw with one, and keep a copy of what it drew.
 */
interface Shared {
  readonly renderer: WebglRenderer;
  readonly users: Set<SharedRenderer>;
}

/* Where all find it: a notebook loads this module anew for each widget. The number is to change with what is kept there. */
const PLACE = Symbol.for("undertow.webgl.1");
const place = globalThis as { [PLACE]?: Shared };

/** Draws with the one WebGL2 context of the page. */
export class SharedRenderer implements Renderer {
  readonly kind = "webgl2";
  readonly canvas = document.createElement("canvas");
  readonly #shared: Shared;
  readonly #ink = this.canvas.getContext("2d")!;
  #frame = 0;
  #scene: Scene | null = null;
  #drawn: (() => void) | undefined;

  /** @returns null where WebGL2 is missing or emulated: see `WebglRenderer.create`. */
  static create(force = false): SharedRenderer | null {
    if (!place[PLACE]) {
      const renderer = WebglRenderer.create(force);
      if (!renderer) return null;
      const users = new Set<SharedRenderer>();
      renderer.canvas.addEventListener("webglcontextrestored", () => users.forEach((each) => each.again()));
      place[PLACE] = { renderer, users };
    }
    return new SharedRenderer(place[PLACE]);
  }

  private constructor(shared: Shared) {
    this.#shared = shared;
    shared.users.add(this);
  }

  draw(scene: Scene, drawn?: () => void): void {
    this.#scene = scene;
    this.#drawn = drawn;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const { renderer } = this.#shared;
      if (!renderer.paint(this.#scene!)) return;
      const { width, height } = renderer.canvas;
      if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
      this.#ink.clearRect(0, 0, width, height);
      this.#ink.drawImage(renderer.canvas, 0, 0);
      this.#drawn?.();
    });
  }

  /** Draws once more, where the context was lost. */
  again(): void {
    if (this.#scene) this.draw(this.#scene, this.#drawn);
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#shared.users.delete(this);
    if (this.#shared.users.size > 0) return;
    this.#shared.renderer.dispose();
    delete place[PLACE];
  }
}
