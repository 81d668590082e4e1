import { LEAST_SPREAD } from "./raster-density";
import type { Grid, Panel, Scene } from "./scene";
import { GAMMA } from "./scene";
import { link } from "./webgl-program";

const VERTEX = `#version 300 es
precision highp float;
uniform vec2 size;
uniform vec4 box;             // x0, x1, top, bottom in device pixels
void main() {
  vec2 at = vec2((gl_VertexID & 1) == 0 ? box.x : box.y, (gl_VertexID & 2) == 0 ? box.z : box.w);
  gl_Position = vec4(at / size * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0);
}`;

/* See raster-density.ts, which draws the same picture and says why. */
const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform sampler2D grid;       // x: the right axis' bin, y: the left axis'
uniform float tall;
uniform vec2 xs;
uniform vec2 ends;            // y of position 0 and of position 1, device pixels
uniform float slots[5];
uniform vec2 flips;
uniform int bins;
uniform vec2 points;          // how many categories the axes have
uniform float ratio;
uniform float peak;
uniform float strength;
out vec4 pixel;

float heightOf(int k, float flip, float categories) {
  if (k >= bins) return (ends.x - slots[k - bins]) / (ends.x - ends.y);
  float middle = categories > 0.0 ? 1.0 - (float(k) + 0.5) / categories : (float(k) + 0.5) / float(bins);
  return mix(middle, 1.0 - middle, flip);
}

vec4 cell(bool fromLeft, int k, int other) {
  return texelFetch(grid, fromLeft ? ivec2(other, k) : ivec2(k, other), 0);
}

vec4 gather(bool fromLeft, int from, float weight, float spread, float h) {
  vec4 sum = vec4(0.0);
  float flip = fromLeft ? flips.x : flips.y;
  float turned = fromLeft ? flips.y : flips.x;
  float categories = fromLeft ? points.x : points.y;
  float scale = float(bins) / (spread * (ends.x - ends.y)) * ratio;
  for (int k = from; k < bins + 5; k++) {
    float meets = (h - weight * heightOf(k, flip, categories)) / spread;
    if (meets < 0.0 || meets > 1.0) continue;
    float at = mix(meets, 1.0 - meets, turned) * float(bins) - 0.5;
    int low = max(0, int(floor(at)));
    sum += mix(cell(fromLeft, k, low), cell(fromLeft, k, min(bins - 1, low + 1)), clamp(at - float(low), 0.0, 1.0)) * scale;
  }
  return sum;
}

void main() {
  float t = (gl_FragCoord.x - xs.x) / (xs.y - xs.x);
  float h = (ends.x - (tall - gl_FragCoord.y)) / (ends.x - ends.y);
  float toLeft = max(1.0 - t, ${LEAST_SPREAD});
  float toRight = max(t, ${LEAST_SPREAD});
  bool byLeft = points.x > 0.0 || (points.y == 0.0 && t >= 0.5);
  vec4 sum = byLeft
    ? gather(true, 0, 1.0 - t, toRight, h) + gather(false, bins, t, toLeft, h)
    : gather(false, 0, t, toLeft, h) + gather(true, bins, 1.0 - t, toRight, h);
  if (sum.a <= 0.0) discard;
  float alpha = pow(min(1.0, log(1.0 + sum.a) / log(1.0 + peak)), ${GAMMA}) * strength;
  pixel = vec4(sum.rgb / sum.a * alpha, alpha);
}`;

const UNIFORMS = [
  "size",
  "box",
  "grid",
  "tall",
  "xs",
  "ends",
  "slots",
  "flips",
  "bins",
  "points",
  "ratio",
  "peak",
  "strength",
] as const;

type Uniforms = Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>;

/** The WebGL pass that gathers grids. Textures stay on the GPU while their grid is drawn. */
export class DensityPass {
  readonly #gl: WebGL2RenderingContext;
  readonly #textures = new Map<Float32Array, WebGLTexture>();
  readonly #program: WebGLProgram;
  readonly #uniforms: Uniforms;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#program = link(gl, VERTEX, FRAGMENT);
    this.#uniforms = Object.fromEntries(
      UNIFORMS.map((name) => [name, gl.getUniformLocation(this.#program, name)]),
    ) as Uniforms;
  }

  draw(scene: Scene, panel: Panel, grid: Grid, width: number, tall: number): void {
    const gl = this.#gl;
    const u = this.#uniforms;
    const { ratio } = scene;
    gl.useProgram(this.#program);
    this.#bind(grid);
    gl.uniform1i(u.grid, 0);
    gl.uniform2f(u.size, width, tall);
    gl.uniform1f(u.tall, tall);
    const top = Math.min(scene.head, ...scene.slots) * ratio - 1;
    const bottom = Math.max(scene.foot, ...scene.slots) * ratio + 1;
    gl.uniform4f(u.box, panel.x0 * ratio, panel.x1 * ratio, top, bottom);
    gl.uniform2f(u.xs, panel.x0 * ratio, panel.x1 * ratio);
    gl.uniform2f(u.ends, scene.foot * ratio, scene.head * ratio);
    gl.uniform1fv(
      u.slots,
      scene.slots.map((y) => y * ratio),
    );
    gl.uniform2f(u.flips, Math.round(panel.flipLeft), Math.round(panel.flipRight));
    gl.uniform1i(u.bins, grid.bins);
    gl.uniform2f(u.points, ...grid.points);
    gl.uniform1f(u.ratio, ratio);
    gl.uniform1f(u.peak, grid.peak);
    gl.uniform1f(u.strength, grid.strength);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** Frees the grids that were not drawn this time. */
  keep(used: ReadonlySet<Float32Array>): void {
    for (const [data, texture] of this.#textures) {
      if (used.has(data)) continue;
      this.#gl.deleteTexture(texture);
      this.#textures.delete(data);
    }
  }

  #bind({ bins, data }: Grid): void {
    const gl = this.#gl;
    let texture = this.#textures.get(data);
    gl.activeTexture(gl.TEXTURE0);
    if (texture) return gl.bindTexture(gl.TEXTURE_2D, texture);
    texture = gl.createTexture()!;
    this.#textures.set(data, texture);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
      gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, bins + 5, bins + 5, 0, gl.RGBA, gl.FLOAT, data);
  }
}
