import { computed, signal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import type { Palette } from "../../core/colour";
import { within } from "../../core/folds";
import { own } from "../../core/own";
import type { SlotCode } from "../../core/scale";
import type { Panel, Scene } from "../../render/scene";
import type { Lens } from "../lens";
import type { AxisContext } from "./gestures";
import type { Needs, Sides } from "./geometry";
import { LEAST_SIDES, layOut, TICK } from "./geometry";
import { Motion } from "./motion";
import { linesOf, textWidth } from "./text";

/** Half the length of the stroke that stands for a line where there is but one axis. */
const STUB = 42;
/** A name that needs more lines than this is cut; its title has it whole. */
const MOST_LINES = 6;
/** Axes beyond the visible ones are made ready in blocks of so many. */
const AHEAD = 4;
/** How strong the others stay while a line's ancestors and descendants stand out. */
const BEHIND = 0.3;
/** What the keys of pinned lines need to the left of the first axis. */
const PINNED_LEFT = 104;

/** What the parallel plot of one lens looks like now: from signals to a scene. */
export class PlotModel {
  readonly lens: Lens;
  readonly size = signal({ width: 0, height: 0, ratio: 1 });
  readonly scroll = signal(0);
  /** Where the pointer is over the plot. */
  readonly pointer = signal({ x: 0, y: 0 });
  /** What scrolls the axes sideways, once it stands. */
  scroller: HTMLElement | null = null;
  /** The axis whose brushes are being typed. */
  readonly editing = signal<string | null>(null);
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
  /** The axis that goes if the hand lets go of it here. */
  readonly leaving = signal<string | null>(null);

  readonly geometry = computed(() => {
    const { lens } = this;
    const { width, height } = this.size.value;
    const axes = lens.drawn.value;
    const gaps = lens.arrangement.gaps.value;
    const needs: Needs = {
      gaps: axes.map((name) => own(gaps, name) ?? null),
      slots: new Set<SlotCode>(axes.flatMap((name) => lens.slots(name))),
      direction: lens.engine.frame.lens === "flow",
      brackets: axes.some((name) => lens.folds.parent(name) !== null),
      folds: axes.some((name) => lens.folds.has(name)),
      pins: rowsFor(lens.pins.list.value.length),
    };
    if (axes.length === 0) return layOut(width, height, needs);
    const { head, foot, spacing } = layOut(width, height, needs);
    const sides = this.pinned.value ?? this.#sides(axes, foot - head, width);
    const room = nameWidth(spacing);
    const most = Math.min(MOST_LINES, Math.max(2, Math.floor((0.3 * height) / 15)));
    const lines = Math.min(most, Math.max(...axes.map((name) => linesOf(this.labelOf(name), room - 10))));
    return layOut(width, height, { ...needs, sides, lines });
  });

  /** What an axis is called where it stands: its group is named above it. */
  labelOf(name: string): string {
    const { folds } = this.lens;
    const label = (of: string) => this.lens.info(of).label || of;
    const group = folds.parent(name);
    return group === null ? label(name) : within(label(name), label(group));
  }

  /** What the outer axes' labels need beside them, within a third of the plot. */
  #sides(axes: readonly string[], length: number, width: number): Sides {
    const half = (name: string) => Math.min(75, textWidth(this.labelOf(name), "600 12.5px") / 2 + 4);
    const [first, last] = [axes[0]!, axes.at(-1)!];
    const labels = this.lens.scale(first).ticks(length);
    const widest = Math.max(0, ...labels.map((tick) => textWidth(tick.label, "500 11.5px")));
    const least = this.lens.pins.list.value.length ? PINNED_LEFT : LEAST_SIDES.left;
    return {
      left: Math.max(least, half(first), Math.min(width / 3, 260, Math.ceil(widest) + TICK.near + TICK.far)),
      // The button of its menu stands behind the name.
      right: Math.max(LEAST_SIDES.right, Math.ceil(half(last)) + 28),
    };
  }

  /** How much room there is to the left of every axis, by name. */
  readonly #rooms = computed(() => {
    const { xs } = this.geometry.value;
    return new Map(this.lens.drawn.value.map((name, i) => [name, i === 0 ? xs[0]! : xs[i]! - xs[i - 1]!]));
  });

  /** How much room the tick labels of an axis have to their left. */
  room(name: string): number {
    return Math.min(this.geometry.value.width, this.#rooms.value.get(name) ?? 0) - TICK.near - TICK.far;
  }

  /** How wide the name of an axis may be: up to half-way to its neighbours. */
  nameRoom(name: string): number {
    const axes = this.lens.drawn.value;
    const i = axes.indexOf(name);
    const rooms = this.#rooms.value;
    const left = i > 0 ? rooms.get(name)! : Infinity;
    const right = i + 1 < axes.length ? rooms.get(axes[i + 1]!)! : Infinity;
    return nameWidth(Math.min(left, right, 160));
  }

  /** The axes in sight and a few beyond, from left to right; the same array while they stay the same. */
  readonly inView = computed<readonly string[]>(() => {
    const { width } = this.size.value;
    const { xs } = this.geometry.value;
    const axes = this.lens.drawn.value;
    const scroll = this.scroll.value;
    const first = xs.findIndex((x) => x >= scroll);
    const last = xs.findLastIndex((x) => x <= scroll + width);
    // In steps, so that not every axis that comes into sight asks for another count.
    const from = Math.floor(Math.max(0, (first < 0 ? axes.length : first) - 2) / AHEAD) * AHEAD;
    const to = Math.ceil((last + 3) / AHEAD) * AHEAD;
    const seen = axes.slice(from, to);
    return same(seen, this.#seen) ? this.#seen : (this.#seen = seen);
  });
  #seen: readonly string[] = [];

  /** Where the axes belong, and which are inverted: what `motion` glides to. */
  readonly targets = computed(() => {
    const { xs } = this.geometry.value;
    const targets = new Map<string, number>();
    this.lens.drawn.value.forEach((name, i) => {
      targets.set(`x ${name}`, xs[i]!);
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
    const style = lens.lines.value;
    const width1 = shown <= 120 && !lens.crowd ? 2 : shown <= 1000 ? 1.6 : 1.25;
    return {
      width,
      height,
      ratio,
      head,
      foot,
      slots,
      panels: this.#panels(width, foot - head, palette),
      colours: this.#weighted(lens.colouring.ofRows(palette), lens.weight.strengths.value),
      selected,
      lineWidth: width1 * style.width,
      opacity: Math.min(1, fade(0.96, shown) * style.opacity) * (lens.lineage.relatives.value.length ? BEHIND : 1),
      context:
        lens.brushed.value && !lens.crowd && style.context
          ? withAlpha(palette.context, Math.min(1, fade(1, count) ** 1.6 * style.opacity))
          : null,
      curved: style.curved,
    };
  });

  #known: { readonly colours: Uint8Array; readonly strengths: Uint8Array; readonly both: Uint8Array } | null = null;

  /** Colours with the rows' weights for their opacity; the same array for the same two, so that the GPU keeps it. */
  #weighted(colours: Uint8Array, strengths: Uint8Array | null): Uint8Array {
    if (!strengths || strengths.length * 4 !== colours.length) return colours;
    if (this.#known?.colours !== colours || this.#known.strengths !== strengths) {
      const both = colours.slice();
      strengths.forEach((strength, row) => (both[4 * row + 3] = strength));
      this.#known = { colours, strengths, both };
    }
    return this.#known.both;
  }

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
    const axes = this.#standing(scroll);
    const only = axes[0];
    if (axes.length === 1 && only) return [panel(only.name, only.name, only.x - STUB, only.x + STUB)];
    return axes.slice(1).flatMap((right, i) => {
      const left = axes[i]!;
      if (right.x < 0 || left.x > width || right.x - left.x < 0.5) return [];
      return [panel(left.name, right.name, left.x, right.x)];
    });
  }

  /** Scrolls sideways, as far as there is something. */
  scrollBy(pixels: number): void {
    if (!this.scroller) return;
    this.scroller.scrollLeft += pixels;
    this.scroll.value = this.scroller.scrollLeft;
  }

  /** Scrolls until an axis is in sight. */
  bringIntoView(name: string): void {
    const { width } = this.size.peek();
    const x = this.geometry.peek().xs[this.lens.drawn.peek().indexOf(name)];
    if (x === undefined) return;
    const [left, right] = [x - 110 - this.scroll.peek(), x + 90 - this.scroll.peek() - width];
    if (left < 0) this.scrollBy(left);
    else if (right > 0) this.scrollBy(right);
  }

  /** The axes where they stand now, from left to right. */
  #standing(scroll: number): { readonly name: string; readonly x: number }[] {
    return this.lens.drawn.value.map((name) => ({ name, x: this.x(name) - scroll })).sort((a, b) => a.x - b.x);
  }

  /** The axes that a panel lies between, by where they stand. */
  neighbours(x: number): { left: string; right: string; t: number } | null {
    const scroll = this.scroll.peek();
    const axes = this.#standing(scroll);
    const i = axes.findIndex((right, k) => k > 0 && x >= axes[k - 1]!.x - 1 && x <= right.x + 1);
    if (i < 0) return null;
    const [left, right] = [axes[i - 1]!, axes[i]!];
    return { left: left.name, right: right.name, t: Math.min(1, Math.max(0, (x - left.x) / (right.x - left.x))) };
  }
}

/** Rows beneath the axes for so many pinned lines: one more to unpin several at once. */
function rowsFor(pins: number): number {
  return pins > 1 ? pins + 1 : pins;
}

/** How wide a name may be where axes stand so far apart. */
function nameWidth(spacing: number): number {
  return Math.max(44, Math.min(150, (spacing || 160) - 8));
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

/** Opacity for `count` lines: full for a few dozen, thinner the more there are, so that density shows. */
function fade(full: number, count: number): number {
  return count <= 40 ? full : Math.max(0.06, full * (40 / count) ** 0.3);
}

function withAlpha([r, g, b, a]: Palette["context"], factor: number): Palette["context"] {
  return [r, g, b, a * factor];
}
