import { computed, signal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import type { Palette } from "../../core/colour";
import { own } from "../../core/own";
import type { SlotCode } from "../../core/scale";
import type { Panel, Scene } from "../../render/scene";
import type { Lens } from "../lens";
import type { AxisContext } from "./gestures";
import type { Sides } from "./geometry";
import { LEAST_SIDES, layOut, TICK } from "./geometry";
import { Motion } from "./motion";
import { textWidth } from "./text";

/** Half the length of the stroke that stands for a line where there is but one axis. */
const STUB = 42;

/** What the parallel plot of one lens looks like now: from signals to a scene. */
export class PlotModel {
  readonly lens: Lens;
  readonly size = signal({ width: 0, height: 0, ratio: 1 });
  readonly scroll = signal(0);
  /** Where the pointer is over the plot. */
  readonly pointer = signal({ x: 0, y: 0 });
  readonly motion: Motion;
  readonly #palette: ReadonlySignal<Palette>;

  /** @param last The model that this one takes the place of, as when rows came in: nothing then jumps. */
  constructor(lens: Lens, palette: ReadonlySignal<Palette>, last: PlotModel | null = null) {
    this.lens = lens;
    this.#palette = palette;
    this.motion = last?.motion ?? new Motion(matchMedia("(prefers-reduced-motion: reduce)").matches);
    if (!last) return;
    this.size.value = last.size.peek();
    this.scroll.value = last.scroll.peek();
    this.pointer.value = last.pointer.peek();
  }

  /** The sides as they were when a label was taken up: places that change under the hand would send it back and forth. */
  readonly pinned = signal<Sides | null>(null);

  readonly geometry = computed(() => {
    const { width, height } = this.size.value;
    const axes = this.lens.drawn.value;
    const used = new Set<SlotCode>(axes.flatMap((name) => this.lens.slots(name)));
    const direction = this.lens.engine.frame.lens === "flow";
    if (axes.length === 0) return layOut(width, height, 0, used, direction);
    const { head, foot } = layOut(width, height, axes.length, used, direction);
    const sides = this.pinned.value ?? this.#sides(axes, foot - head, width);
    return layOut(width, height, axes.length, used, direction, sides);
  });

  /** What the outer axes' labels need beside them, within a third of the plot. */
  #sides(axes: readonly string[], length: number, width: number): Sides {
    const half = (name: string) => {
      const { label, name: plain } = this.lens.info(name);
      return Math.min(75, textWidth(label || plain, "600 12.5px") / 2 + 4);
    };
    const [first, last] = [axes[0]!, axes.at(-1)!];
    const labels = this.lens.scale(first).ticks(length);
    const widest = Math.max(0, ...labels.map((tick) => textWidth(tick.label, "500 11.5px")));
    return {
      left: Math.max(LEAST_SIDES.left, half(first), Math.min(width / 3, 260, Math.ceil(widest) + TICK.near + TICK.far)),
      // The button of its menu stands behind the name.
      right: Math.max(LEAST_SIDES.right, Math.ceil(half(last)) + 28),
    };
  }

  /** How much room the tick labels of an axis have to their left. */
  room(name: string): number {
    const { first, spacing, width } = this.geometry.value;
    const left = this.lens.drawn.value[0] === name || spacing === 0 ? first : spacing;
    return Math.min(width, left) - TICK.near - TICK.far;
  }

  /** Where the axes belong, and which are inverted: what `motion` glides to. */
  readonly targets = computed(() => {
    const { first, spacing } = this.geometry.value;
    const targets = new Map<string, number>();
    this.lens.drawn.value.forEach((name, i) => {
      targets.set(`x ${name}`, first + i * spacing);
      targets.set(`flip ${name}`, Number(this.lens.inverted.value.has(name)));
    });
    return targets;
  });

  /** The x of an axis now, from the left end of the whole plot. */
  x(name: string): number {
    return this.motion.values.value.get(`x ${name}`) ?? this.targets.value.get(`x ${name}`) ?? 0;
  }

  /** 1 where inverted, 0 where upright, between the two while it turns. */
  flip(name: string): number {
    return this.motion.values.value.get(`flip ${name}`) ?? 0;
  }

  /** An axis as a gesture needs to know it. */
  context(name: string): AxisContext {
    const { lens } = this;
    return {
      geometry: this.geometry.value,
      scale: lens.scale(name),
      categories: lens.categories(name),
      inverted: lens.inverted.value.has(name),
      slots: lens.slots(name),
      brushes: own(lens.brushes.value, name) ?? [],
    };
  }

  readonly scene = computed<Scene | null>(() => {
    const { lens } = this;
    const { width, height, ratio } = this.size.value;
    if (!lens.ready.value || width === 0 || height === 0) return null;
    const { head, foot, slots } = this.geometry.value;
    const palette = this.#palette.value;
    const { count, selected } = lens.exact.value;
    const shown = lens.crowd ? count : lens.count.value.rows;
    return {
      width,
      height,
      ratio,
      head,
      foot,
      slots,
      panels: this.#panels(width, foot - head, palette),
      colours: lens.colours(palette),
      selected,
      lineWidth: shown <= 120 && !lens.crowd ? 2 : shown <= 1000 ? 1.6 : 1.25,
      opacity: fade(0.96, shown),
      context: lens.brushed.value && !lens.crowd ? withAlpha(palette.context, fade(1, count) ** 1.6) : null,
    };
  });

  #panels(width: number, height: number, palette: Palette): Panel[] {
    const { lens } = this;
    const scroll = this.scroll.value;
    const panel = (left: string, right: string, x0: number, x1: number): Panel => ({
      left: lens.places(left),
      right: lens.places(right),
      x0,
      x1,
      flipLeft: this.flip(left),
      flipRight: this.flip(right),
      densities: lens.crowd?.densities(left, right, palette, height) ?? [],
    });
    // Neighbours by where they stand, so that lines follow an axis while it is dragged past others.
    const axes = lens.drawn.value.map((name) => ({ name, x: this.x(name) - scroll })).sort((a, b) => a.x - b.x);
    const only = axes[0];
    if (axes.length === 1 && only) return [panel(only.name, only.name, only.x - STUB, only.x + STUB)];
    return axes.slice(1).flatMap((right, i) => {
      const left = axes[i]!;
      if (right.x < 0 || left.x > width || right.x - left.x < 0.5) return [];
      return [panel(left.name, right.name, left.x, right.x)];
    });
  }

  /** The axes that a panel lies between, by where they stand. */
  neighbours(x: number): { left: string; right: string; t: number } | null {
    const scroll = this.scroll.peek();
    const axes = this.lens.drawn
      .peek()
      .map((name) => ({ name, x: this.x(name) - scroll }))
      .sort((a, b) => a.x - b.x);
    const i = axes.findIndex((right, k) => k > 0 && x >= axes[k - 1]!.x - 1 && x <= right.x + 1);
    if (i < 0) return null;
    const [left, right] = [axes[i - 1]!, axes[i]!];
    return { left: left.name, right: right.name, t: Math.min(1, Math.max(0, (x - left.x) / (right.x - left.x))) };
  }
}

/** Opacity for `count` lines: full for a few dozen, thinner the more there are, so that density shows. */
function fade(full: number, count: number): number {
  return count <= 40 ? full : Math.max(0.06, full * (40 / count) ** 0.3);
}

function withAlpha([r, g, b, a]: Palette["context"], factor: number): Palette["context"] {
  return [r, g, b, a * factor];
}
