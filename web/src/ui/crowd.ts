import { batch, computed, effect, signal } from "@preact/signals";
import type { Vector } from "../core/column";
import type { Brush } from "../core/brush";
import { codesOf } from "../core/brush";
import type { Palette } from "../core/colour";
import { binOf, categoryBin, COARSE_BINS, edges, FINE_BINS, SPECIAL_BINS } from "../core/edges";
import type { Filters } from "../core/filter";
import { own } from "../core/own";
import { EVERYTHING, narrows } from "../core/filter";
import type { Binning, Cube } from "../engine/engine";
import type { Density } from "../render/scene";
import type { Counted, Ranks, Style } from "./grids";
import { Drawings } from "./drawings";
import { binPlaces, reordered } from "./grids";
import type { Lens } from "./lens";

/** Rows that answer for a brush until the cube over all of them stands. */
const SAMPLE_ROWS = 100_000;
/** A selection of up to so many rows is fetched and drawn line by line. */
const FEW_SELECTED = 3000;
/** Pairs of axes that are counted in one question for the whole picture. */
const PAIRS_AT_ONCE = 3;
/** A brush that has not moved for so long is at rest, and answered exactly. */
const REST_MILLISECONDS = 140;

type Pair = readonly [Binning, Binning];
type Grids = ReadonlyMap<string, Counted>;

interface Few {
  readonly count: number;
  readonly vectors: ReadonlyMap<string, Vector>;
}

/** The cube of the axis under the pointer: any brush on it is a difference of its slices. */
interface Active {
  readonly axis: Binning;
  /** Every filter but the axis' own, and the pairs, as text: what the cube holds for. */
  readonly key: string;
  readonly pairs: readonly Pair[];
  cube: Cube | null;
}

/** What a frame of many rows looks like: joint counts of neighbouring axes, of all rows and of the selected ones. */
export class Crowd {
  readonly count = signal({ rows: 0, left: 0, approximate: false });
  readonly few = signal<Few | null>(null);
  /** The filters that were answered last, exactly: what the table shows, which need not run after a moving brush. */
  readonly settled = signal<Filters>(EVERYTHING);
  readonly #lens: Lens;
  readonly #all = signal<Grids>(new Map());
  readonly #selected = signal<Grids | null>(null);
  readonly #drawings = new Drawings();
  readonly #effects: (() => void)[] = [];
  #style: Style | null = null;
  #orders: unknown = null;
  #active: Active | null = null;
  #asked = 0;
  #counting = 0;
  #rest = 0;

  constructor(lens: Lens) {
    this.#lens = lens;
  }

  readonly #pairs = computed<readonly Pair[]>(() => {
    // What is out of sight is counted when it comes into sight.
    const names = this.#lens.inView.value ?? this.#lens.axes.value;
    const axes = names.map((name) => this.#lens.binning(name));
    if (axes.length === 1) return [[axes[0]!, axes[0]!]];
    return axes.slice(1).map((right, i) => [axes[i]!, right] as const);
  });

  readonly #color = computed(() =>
    this.#lens.color.value === null ? null : this.#lens.binning(this.#lens.color.value),
  );

  /** Whether all that is drawn has been counted. */
  readonly complete = computed(
    () =>
      this.#pairs.value.every((pair) => this.#all.value.has(keyOf(pair, this.#color.value, this.#lens.base.value))) &&
      (!this.#lens.brushed.value || this.settled.value === this.#lens.filters.value),
  );

  /** Whether nothing has been counted yet. */
  get empty(): boolean {
    return this.#all.value.size === 0;
  }

  /** Starts to follow axes, colours and brushes. */
  open(): void {
    const { rows } = this.#lens.engine.frame;
    this.count.value = { rows, left: rows, approximate: false };
    this.#orders = this.#lens.scales.orders.peek();
    this.#effects.push(
      effect(() => {
        const orders = this.#lens.scales.orders.value;
        // Counts lie in the order in which categories stood.
        if (orders !== this.#orders) this.#all.value = new Map();
        this.#orders = orders;
        void this.#countAll(this.#pairs.value, this.#color.value, this.#lens.base.value);
      }),
      effect(() => this.#brushed(this.#lens.filters.value, this.#pairs.value, this.#color.value)),
    );
  }

  /** Follows no longer. */
  close(): void {
    clearTimeout(this.#rest);
    for (const stop of this.#effects.splice(0)) stop();
  }

  /** What is drawn between two axes, the lowest first. */
  densities(left: string, right: string, palette: Palette, height: number): Density[] {
    const [a, b] = [this.#lens.binning(left), this.#lens.binning(right)];
    const all = this.#all.value.get(keyOf([a, b], this.#color.value, this.#lens.base.value));
    const own: Style = { palette, colour: null, strength: 0.96, height };
    this.#style = own;
    const drawn = (counted: Counted | undefined, style: Style) => {
      const density = counted && this.#drawings.of(counted, style);
      return density ? [density] : [];
    };
    if (!this.#lens.brushed.value) return this.few.value ? [] : drawn(all, own);
    const selected = this.few.value ? undefined : this.#selected.value?.get(pairKey([a, b]));
    const grounds = this.#lens.lines.value.context ? drawn(all, contextOf(own)) : [];
    return [...grounds, ...drawn(selected, own)];
  }

  /** Makes ready for a brush on an axis; called when the pointer comes near it. */
  async activate(name: string): Promise<void> {
    const others = without(this.#lens.filters.peek(), name);
    const axis = this.#lens.binning(name);
    const pairs = this.#pairs.peek();
    const key = JSON.stringify([axis, others, pairs.map(pairKey), this.#color.peek()]);
    if (this.#active?.key === key) return;
    if (this.#style && this.#lens.lines.peek().context)
      void this.#drawings.warm([...this.#all.peek().values()], contextOf(this.#style));
    const active: Active = { axis, key, pairs, cube: null };
    this.#active = active;
    const query = {
      pairs,
      bins: COARSE_BINS,
      filters: others,
      ...(this.#color.peek() ? { color: this.#color.peek()! } : {}),
    };
    for (const sample of [SAMPLE_ROWS, null]) {
      if (sample !== null && sample >= this.#lens.engine.frame.rows) continue;
      // The sample's answer is wanted at once, and is not worth finer positions than its own error.
      const bins = sample === null ? FINE_BINS : COARSE_BINS;
      const positions = positionsOf(axis, this.#lens.categories(name), bins);
      const cube = await this.#lens.engine.cube({
        ...query,
        active: { axis, positions },
        ...(sample === null ? {} : { sample }),
      });
      if (this.#active !== active) return;
      active.cube = cube;
    }
  }

  async #countAll(pairs: readonly Pair[], color: Binning | null, base: Filters): Promise<void> {
    const known = this.#all.peek();
    const missing = pairs.filter((pair) => !known.has(keyOf(pair, color, base)));
    const ticket = ++this.#counting;
    // Those that are drawn now, whenever they were counted, and of the others no more than as many again.
    const wanted = new Set(pairs.map((pair) => keyOf(pair, color, base)));
    const others = [...known].filter(([key]) => !wanted.has(key)).slice(-pairs.length);
    const kept = [...others, ...[...known].filter(([key]) => wanted.has(key))];
    // A few at a time: the picture fills from the left, and no task of the page grows with the number of axes.
    for (let from = 0, many = 1; from < missing.length; from += many, many = PAIRS_AT_ONCE) {
      const some = missing.slice(from, from + many);
      const cube = await this.#lens.engine.cube({
        pairs: some,
        bins: FINE_BINS,
        filters: base,
        ...(color ? { color } : {}),
      });
      for (const [i, pair] of some.entries()) {
        const counted = this.#counted(pair, cube, i, cube.counts[i]!, FINE_BINS);
        await this.#warm([counted]);
        // Another change came meanwhile: what it keeps is not for this one to replace.
        if (ticket !== this.#counting) return;
        kept.push([keyOf(pair, color, base), counted]);
        this.#all.value = new Map(kept);
      }
    }
    if (missing.length > 0) performance.mark("undertow:whole-picture");
  }

  #brushed(filters: Filters, pairs: readonly Pair[], color: Binning | null): void {
    clearTimeout(this.#rest);
    const ticket = ++this.#asked;
    if (!narrows(filters)) {
      batch(() => {
        this.few.value = null;
        this.#selected.value = null;
        this.settled.value = filters;
      });
      void this.#countLeft(filters, ticket);
      return;
    }
    const moving = this.#approximate(filters, pairs);
    this.#rest = setTimeout(() => void this.#exact(filters, pairs, color, ticket), moving ? REST_MILLISECONDS : 0);
  }

  /** Answers from the cube of the axis under the pointer, where the brush is on it. */
  #approximate(filters: Filters, pairs: readonly Pair[]): boolean {
    const active = this.#active;
    const name = active?.axis.column;
    if (!active?.cube || name === undefined || !own(filters.columns, name)) return false;
    const others = without(filters, name);
    if (JSON.stringify([active.axis, others, pairs.map(pairKey), this.#color.peek()]) !== active.key) return false;
    const start = performance.now();
    const { cube } = active;
    const categories = this.#lens.categories(name);
    const positions = cube.slices - 1 - SPECIAL_BINS;
    const spans = merged(
      (own(this.#lens.brushes.peek(), name) ?? []).map((brush) => span(brush, active.axis, categories, positions)),
    );
    const area = cube.side * cube.side;
    let rows = 0;
    const grids = pairs.map((pair, i) => {
      const all = cube.counts[i]!;
      const counts = new Uint32Array(area);
      for (const [from, to] of spans) {
        const [a, b] = [from * area, to * area];
        for (let cell = 0; cell < area; cell++) counts[cell]! += all[b + cell]! - all[a + cell]!;
      }
      if (i === 0) rows = counts.reduce((sum, count) => sum + count, 0);
      return [pairKey(pair), this.#counted(pair, cube, i, counts, COARSE_BINS)] as const;
    });
    performance.measure("undertow:brush", { start, end: performance.now() });
    batch(() => {
      this.few.value = null;
      this.#selected.value = new Map(grids);
      this.count.value = { ...this.count.peek(), rows: Math.round(rows / cube.share), approximate: true };
    });
    return true;
  }

  async #exact(filters: Filters, pairs: readonly Pair[], color: Binning | null, ticket: number): Promise<void> {
    const { engine } = this.#lens;
    const { count } = await engine.select(filters);
    if (ticket !== this.#asked) return;
    let few: Few | null = null;
    let selected: Grids | null = null;
    if (count <= FEW_SELECTED) {
      const { columns } = await engine.rows({ filters, columns: this.#lens.wanted.peek(), limit: FEW_SELECTED });
      few = { count, vectors: new Map(Object.entries(columns)) };
    } else {
      const cube = await engine.cube({ pairs, bins: FINE_BINS, filters, ...(color ? { color } : {}) });
      const counted = pairs.map((pair, i) => this.#counted(pair, cube, i, cube.counts[i]!, FINE_BINS));
      await this.#warm(counted);
      selected = new Map(pairs.map((pair, i) => [pairKey(pair), counted[i]!]));
    }
    if (ticket !== this.#asked) return;
    batch(() => {
      this.few.value = few;
      this.#selected.value = selected;
      this.settled.value = filters;
      this.count.value = { ...this.count.peek(), rows: count, approximate: false };
    });
  }

  /** Counts what steps left over; few enough are fetched and drawn line by line. */
  async #countLeft(base: Filters, ticket: number): Promise<void> {
    const { engine, wanted } = this.#lens;
    const left = base.steps?.length ? (await engine.select(base)).count : engine.frame.rows;
    const few = left <= FEW_SELECTED ? await engine.rows({ filters: base, columns: wanted.peek() }) : null;
    if (ticket !== this.#asked) return;
    batch(() => {
      this.few.value = few && { count: left, vectors: new Map(Object.entries(few.columns)) };
      this.count.value = { rows: left, left, approximate: false };
    });
  }

  async #warm(counted: readonly Counted[]): Promise<void> {
    if (this.#style) await this.#drawings.warm(counted, this.#style);
  }

  #counted(pair: Pair, cube: Cube, index: number, counts: Uint32Array, bins: number): Counted {
    const places = pair.map(({ column, scale }) => {
      const categories = this.#lens.categories(column)?.length ?? 0;
      return binPlaces(bins, scale === "category" ? (code) => 1 - (code + 0.5) / categories : null, categories);
    }) as unknown as Counted["places"];
    const points = pair.map(({ column, scale }) =>
      scale === "category" ? Math.min(bins, this.#lens.categories(column)!.length) : 0,
    ) as unknown as Counted["points"];
    const ranks = pair.map(({ column }) => this.#lens.scales.ranks(column, bins)) as unknown as Ranks;
    const colours = cube.colours[index];
    return {
      bins,
      counts: reordered(counts, cube.side, ranks),
      colours: colours ? reordered(colours, cube.side, ranks) : null,
      places,
      points,
    };
  }
}

/** How lines that are not selected are drawn. */
function contextOf(style: Style): Style {
  const [r, g, b] = style.palette.context;
  return { ...style, colour: [255 * r, 255 * g, 255 * b], strength: 0.3 };
}

function pairKey(pair: Pair): string {
  return JSON.stringify(pair.map(({ column, scale, domain }) => [column, scale, domain]));
}

function keyOf(pair: Pair, color: Binning | null, base: Filters): string {
  return `${pairKey(pair)} ${JSON.stringify([color && [color.column, color.scale, color.domain], base.steps])}`;
}

/** The filters without what one column says. */
function without(filters: Filters, name: string): Filters {
  const { [name]: _, ...columns } = filters.columns;
  return { ...filters, columns };
}

function positionsOf(axis: Binning, categories: readonly string[] | null, bins: number): number {
  return axis.scale === "category" ? Math.min(FINE_BINS, categories!.length) : bins;
}

/** The positions that a brush covers, as [from, to). */
function span(
  brush: Brush,
  axis: Binning,
  categories: readonly string[] | null,
  positions: number,
): [number, number][] {
  if (brush.kind === "slot") return [[positions + brush.slot - 2, positions + brush.slot - 1]];
  if (brush.kind === "range") {
    const cut = edges(axis, positions);
    return [[binOf(brush.range[0], cut), binOf(brush.range[1], cut) + 1]];
  }
  const codes = codesOf(categories!);
  const bins = new Set(brush.values.map((value) => categoryBin(codes.get(value) ?? -1, categories!.length, positions)));
  return [...bins].filter((bin) => bin >= 0).map((bin) => [bin, bin + 1]);
}

/** Spans that overlap made one, so that no row counts twice. */
function merged(spans: readonly (readonly [number, number][])[]): [number, number][] {
  const out: [number, number][] = [];
  for (const [from, to] of spans.flat().sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}
