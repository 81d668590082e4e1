import type { LineSet, Panel, Renderer, Scene } from "./scene";
import { DensityPass } from "./webgl-density";
import { link } from "./webgl-program";

/*
 * One instance is one line in one panel: a quad whose two long sides lie half a width and half a pixel from the line, so
 * that the fragment shader can fade its edge. Reordering, inverting and resizing change uniforms only; a column's places
 * go to the GPU once.
 */
const VERTEX = `#version 300 es
precision highp float;
layout(location = 0) in float left;
layout(location = 1) in float right;
layout(location = 2) in vec4 colour;
layout(location = 3) in float selected;
uniform vec2 size;            // device pixels
uniform vec2 xs;
uniform vec2 ends;            // y of position 0 and of position 1
uniform float slots[5];
uniform vec2 flips;
uniform float halfWidth;
uniform float wanted;
uniform vec4 paint;           // alpha 0: the line's own colour, at opacity
uniform float opacity;
uniform float pieces;         // of a line: 1 is straight
out float side;
out vec2 where;
flat out vec4 span;           // both ends
flat out vec4 ink;

float place(float at, float flip) {
  if (at > 1.0) return slots[int(at + 0.5) - 2];
  return mix(ends.x, ends.y, mix(at, 1.0 - at, flip));
}

void main() {
  if (selected != wanted) { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); return; }
  vec2 a = vec2(xs.x, place(left, flips.x));
  vec2 b = vec2(xs.y, place(right, flips.y));
  float reach = halfWidth + 0.5;
  float t = float(gl_VertexID >> 1) / pieces;
  side = (gl_VertexID & 1) == 0 ? -reach : reach;
  vec2 at;
  if (pieces > 1.0) {
    // A ribbon that is high enough for the steepest of its neighbourhood, and for what the chords cut off.
    float rise = (b.y - a.y) / (b.x - a.x);
    float steep = 0.0;
    for (int i = -1; i <= 1; i++) {
      float u = clamp(t + float(i) / pieces, 0.0, 1.0);
      steep = max(steep, abs(6.0 * u * (1.0 - u) * rise));
    }
    float high = reach * sqrt(1.0 + steep * steep) + 0.002 * abs(b.y - a.y) + 0.5;
    at = vec2(mix(a.x, b.x, t), mix(a.y, b.y, t * t * (3.0 - 2.0 * t)) + ((gl_VertexID & 1) == 0 ? -high : high));
  } else {
    vec2 along = normalize(b - a);
    at = mix(a, b, t) + vec2(-along.y, along.x) * side;
  }
  where = at;
  span = vec4(a, b);
  gl_Position = vec4(at / size * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0);
  ink = paint.a > 0.0 ? paint : vec4(colour.rgb, colour.a * opacity);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in float side;
in vec2 where;
flat in vec4 span;
flat in vec4 ink;
uniform float halfWidth;
uniform float pieces;
out vec4 pixel;
void main() {
  float off = abs(side);
  if (pieces > 1.0) {
    float way = 1.0 / (span.z - span.x);
    float t = (where.x - span.x) * way;
    float slope = 6.0 * t * (1.0 - t) * (span.w - span.y) * way;
    off = abs(where.y - mix(span.y, span.w, t * t * (3.0 - 2.0 * t))) / sqrt(1.0 + slope * slope);
  }
  float alpha = ink.a * clamp(halfWidth + 0.5 - off, 0.0, 1.0);
  pixel = vec4(ink.rgb * alpha, alpha);
}`;

/** Chords that a bent line is made of; what they miss is under a thousandth of its rise. */
const PIECES = 24;

type Uniforms = Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>;

const UNIFORMS = ["size", "xs", "ends", "slots", "flips", "halfWidth", "wanted", "paint", "opacity", "pieces"] as const;

/** Whether a CPU does this context's work; Chromium does not call that a caveat. */
function isSoftware(gl: WebGL2RenderingContext): boolean {
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
}

/** Draws with WebGL2; survives the loss of its context. */
export class WebglRenderer implements Renderer {
  readonly kind = "webgl2";
  readonly canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  readonly #buffers = new Map<ArrayBufferView, WebGLBuffer>();
  #program!: WebGLProgram;
  #density!: DensityPass;
  #uniforms!: Uniforms;
  #scene: Scene | null = null;
  #drawn: (() => void) | undefined;
  #frame = 0;

  /**
   * @returns null where WebGL2 is missing or emulated in software: there the CPU raster is faster.
   * @param force Take software WebGL too.
   */
  static create(force = false): WebglRenderer | null {
    const canvas = document.createElement("canvas");
    const gl = canvas.getContext("webgl2", {
      alpha: true,
      antialias: false,
      depth: false,
      premultipliedAlpha: true,
      preserveDrawingBuffer: true,
      failIfMajorPerformanceCaveat: !force,
    });
    if (!gl || (!force && isSoftware(gl))) return null;
    return new WebglRenderer(canvas, gl);
  }

  private constructor(canvas: HTMLCanvasElement, gl: WebGL2RenderingContext) {
    this.canvas = canvas;
    this.#gl = gl;
    this.#prepare();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.#buffers.clear();
      this.#prepare();
      if (this.#scene) this.draw(this.#scene);
    });
  }

  draw(scene: Scene, drawn?: () => void): void {
    this.#scene = scene;
    this.#drawn = drawn;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.paint(this.#scene!)) this.#drawn?.();
    });
  }

  /** Draws this moment. @returns Whether there was a context to draw with. */
  paint(scene: Scene): boolean {
    if (this.#gl.isContextLost()) return false;
    this.#paint(scene);
    return true;
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  #prepare(): void {
    const gl = this.#gl;
    const program = link(gl, VERTEX, FRAGMENT);
    this.#program = program;
    this.#density = new DensityPass(gl);
    gl.useProgram(program);
    this.#uniforms = Object.fromEntries(
      UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]),
    ) as Uniforms;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  #paint(scene: Scene): void {
    const gl = this.#gl;
    const { ratio } = scene;
    const width = Math.ceil(scene.width * ratio);
    const tall = Math.ceil(scene.height * ratio);
    if (this.canvas.width !== width || this.canvas.height !== tall) Object.assign(this.canvas, { width, height: tall });
    gl.viewport(0, 0, width, tall);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const grids = new Set<Float32Array>();
    for (const panel of scene.panels) {
      for (const { grid } of panel.densities) {
        if (!grid) continue;
        this.#density.draw(scene, panel, grid, width, tall);
        grids.add(grid.data);
      }
    }
    this.#density.keep(grids);
    this.#lines(scene, width, tall);
  }

  #lines(scene: Scene, width: number, tall: number): void {
    const gl = this.#gl;
    const u = this.#uniforms;
    const { ratio } = scene;
    gl.useProgram(this.#program);
    gl.uniform2f(u.size, width, tall);
    gl.uniform2f(u.ends, scene.foot * ratio, scene.head * ratio);
    gl.uniform1fv(
      u.slots,
      scene.slots.map((y) => y * ratio),
    );
    gl.uniform1f(u.halfWidth, (scene.lineWidth * ratio) / 2);
    const used = new Set<ArrayBufferView>();
    const draw = (panel: Panel, { left, right, colours }: LineSet, pieces: number) => {
      gl.uniform1f(u.pieces, pieces);
      this.#attribute(0, left, 1, gl.FLOAT, false);
      this.#attribute(1, right, 1, gl.FLOAT, false);
      this.#attribute(2, colours, 4, gl.UNSIGNED_BYTE, true);
      gl.uniform2f(u.xs, panel.x0 * ratio, panel.x1 * ratio);
      gl.uniform2f(u.flips, panel.flipLeft, panel.flipRight);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 2 * pieces + 2, left.length);
      used.add(left).add(right).add(colours);
    };
    gl.disableVertexAttribArray(3);
    gl.vertexAttrib1f(3, 1);
    gl.uniform1f(u.wanted, 1);
    gl.uniform1f(u.opacity, 1);
    gl.uniform4f(u.paint, 0, 0, 0, 0);
    for (const panel of scene.panels) for (const { cells } of panel.densities) if (cells) draw(panel, cells, 1);
    gl.uniform1f(u.opacity, scene.opacity);
    if (scene.selected.length) this.#attribute(3, scene.selected, 1, gl.UNSIGNED_BYTE, false);
    used.add(scene.selected);
    for (const wanted of [0, 1]) {
      if (scene.selected.length === 0 || (wanted === 0 && !scene.context)) continue;
      gl.uniform1f(u.wanted, wanted);
      gl.uniform4fv(u.paint, wanted === 0 ? scene.context! : [0, 0, 0, 0]);
      const pieces = scene.curved ? PIECES : 1;
      for (const panel of scene.panels)
        draw(panel, { left: panel.left, right: panel.right, colours: scene.colours }, pieces);
    }
    for (const [array, buffer] of this.#buffers) {
      if (used.has(array)) continue;
      gl.deleteBuffer(buffer);
      this.#buffers.delete(array);
    }
  }

  #attribute(location: number, array: ArrayBufferView, size: number, type: number, normalized: boolean): void {
    const gl = this.#gl;
    let buffer = this.#buffers.get(array);
    if (buffer) gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    else {
      buffer = gl.createBuffer()!;
      this.#buffers.set(array, buffer);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, array as Float32Array<ArrayBuffer>, gl.STATIC_DRAW);
    }
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, size, type, normalized, 0, 0);
    gl.vertexAttribDivisor(location, 1);
  }
}
