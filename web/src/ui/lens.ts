import { batch, computed, effect, signal } from "@preact/signals";
import type { ColumnInfo, ScaleName, Summary, Vector } from "../core/column";
import type { Brush } from "../core/brush";
import { fromFilter, toFilter } from "../core/brush";
import type { Palette } from "../core/colour";
import { own } from "../core/own";
import type { ColumnFilter, ColumnFilters, Filters, Step } from "../core/filter";
import { narrows } from "../core/filter";
import type { Scale, SlotCode } from "../core/scale";
import { defaultScale, LOWER_SLOTS, makeScale, positions, Slot } from "../core/scale";
import type { Binning, Engine, Selection } from "../engine/engine";
import { colourRows } from "./colouring";
import { Crowd } from "./crowd";

/** Frames of up to so many rows are drawn line by line; larger ones as densities. */
export const EXACT_ROWS = 20_000;

type Named<T> = Readonly<Record<string, T>>;

/** A row taken up by the pointer in one of the views, with its values: vectors of one row. */
export interface Hovered {
  readonly row: number;
  readonly from: string;
  readonly values: Named<Vector>;
}

/** The rows that are drawn line by line: all of a small frame, the few selected of a large one. */
interface ExactRows {
  readonly count: number;
  readonly vectors: ReadonlyMap<string, Vector>;
  /** One byte a row: 1 selected, 0 context, 2 not to be drawn. */
  readonly selected: Uint8Array;
}

const NOTHING: Selection = { count: 0, bits: new Uint8Array(0) };
const NONE: ExactRows = { count: 0, vectors: new Map(), selected: new Uint8Array(0) };

/** What a person has made of one frame: its axes, brushes and colours, and what follows from them. */
export class Lens {
  readonly engine: Engine;
  readonly axes = signal<readonly string[]>([]);
  readonly inverted = signal<ReadonlySet<string>>(new Set());
  readonly brushes = signal<Named<readonly Brush[]>>({});
  readonly chosenScales = signal<Named<ScaleName>>({});
  readonly color = signal<string | null>(null);
  /** A text that one of a row's values must contain, whatever the case; empty for none. */
  readonly search = signal("");
  readonly hovered = signal<Hovered | null>(null);
  /** False until the first answers are in. */
  readonly ready = signal(false);
  /** The densities of a large frame; null for one that is drawn line by line. */
  readonly crowd: Crowd | null;

  readonly #effects: (() => void)[] = [];
  readonly #infos: ReadonlyMap<string, ColumnInfo>;
  readonly #summaries = signal<ReadonlyMap<string, Summary>>(new Map());
  readonly #vectors = signal<ReadonlyMap<string, Vector>>(new Map());
  readonly #selection = signal<{ readonly chosen: Selection; readonly left: Selection }>({
    chosen: NOTHING,
    left: NOTHING,
  });
  readonly #percentiles = signal<ReadonlyMap<string, Float64Array>>(new Map());
  readonly #scales = new Map<string, Scale>();
  readonly #places = new WeakMap<Vector, { readonly scale: Scale; readonly places: Float32Array }>();

  constructor(engine: Engine) {
    this.engine = engine;
    this.#infos = new Map(engine.frame.columns.map((column) => [column.name, column]));
    this.axes.value = engine.frame.axes;
    this.color.value = engine.frame.color;
    this.crowd = engine.frame.rows > EXACT_ROWS ? new Crowd(this) : null;
  }

  /** Asks for what the first picture needs, then keeps it up to date. */
  async open(): Promise<void> {
    if (this.ready.value) return;
    const summaries = await this.engine.describe([...this.#infos.keys()]);
    this.#summaries.value = new Map(summaries.map((summary) => [summary.name, summary]));
    this.#forgetCategories();
    for (const [name, scale] of Object.entries(this.chosenScales.peek()))
      if (scale === "percentile") await this.#readPercentiles(name);
    if (this.crowd) {
      this.ready.value = true;
      this.crowd.open();
      return;
    }
    await this.#load(this.wanted.value);
    await this.#select(this.filters.value, this.base.value);
    this.ready.value = true;
    this.#effects.push(
      effect(() => void this.#load(this.wanted.value)),
      effect(() => void this.#select(this.filters.value, this.base.value)),
    );
  }

  /** Keeps nothing up to date any more. */
  close(): void {
    for (const stop of this.#effects.splice(0)) stop();
    this.crowd?.close();
  }

  info(name: string): ColumnInfo {
    return this.#infos.get(name)!;
  }

  summary(name: string): Summary {
    return this.#summaries.value.get(name)!;
  }

  /** The names of a column's categories; null for numbers and times. */
  categories(name: string): readonly string[] | null {
    return this.#summaries.value.get(name)?.names ?? null;
  }

  /** The columns whose values the picture needs. */
  readonly wanted = computed(() => [
    ...new Set([...this.axes.value, ...(this.color.value === null ? [] : [this.color.value])]),
  ]);

  /** The axes that can be drawn now. */
  readonly drawn = computed(() =>
    this.crowd ? this.axes.value : this.axes.value.filter((name) => this.#vectors.value.has(name)),
  );

  /** What was kept and thrown out, in order; the last can be undone. */
  readonly steps = signal<readonly Step[]>([]);
  /** What was undone, the last first, as long as no other step was made. */
  readonly undone = signal<readonly Step[]>([]);

  readonly filters = computed<Filters>(() => {
    const filters = Object.entries(this.brushes.value).flatMap(([name, brushes]): [string, ColumnFilter][] => {
      const filter = toFilter(brushes, this.#summaries.value.get(name)?.min ?? -Infinity);
      return filter ? [[name, filter]] : [];
    });
    // Not by assignment: `__proto__` would set something else.
    const columns = Object.fromEntries(filters);
    return { columns, steps: this.steps.value, ...(this.search.value ? { search: this.search.value } : {}) };
  });

  /** What the steps left over, brushes aside. */
  readonly base = computed<Filters>(() => ({ columns: {}, steps: this.steps.value }));

  readonly brushed = computed(() => narrows(this.filters.value));

  /** The filters that the table follows: those of a brush at rest. */
  readonly settled = computed<Filters>(() => (this.crowd ? this.crowd.settled.value : this.filters.value));

  /** How many rows are selected; approximate while a brush moves over a large frame. */
  readonly count = computed(() =>
    this.crowd
      ? this.crowd.count.value
      : { rows: this.#selection.value.chosen.count, left: this.#selection.value.left.count, approximate: false },
  );

  /** The rows that are drawn line by line. */
  readonly exact = computed<ExactRows>(() => {
    if (this.crowd) {
      const few = this.crowd.few.value;
      if (!few) return NONE;
      return { count: few.count, vectors: few.vectors, selected: new Uint8Array(few.count).fill(1) };
    }
    const { chosen, left } = this.#selection.value;
    const selected = new Uint8Array(this.engine.frame.rows);
    const bit = ({ bits }: Selection, i: number) => ((bits[i >> 3] ?? 0) >> (i & 7)) & 1;
    for (let i = 0; i < selected.length; i++) selected[i] = bit(left, i) === 0 ? 2 : bit(chosen, i);
    return { count: selected.length, vectors: this.#vectors.value, selected };
  });

  scaleName(name: string): ScaleName {
    const info = this.info(name);
    // Columns with one domain have one scale: a choice for one is a choice for all.
    const chosen = own(this.chosenScales.value, info.share || name);
    const first = info.share ? [...this.#infos.values()].find((other) => other.share === info.share)! : info;
    const scale = chosen ?? defaultScale(first, this.summary(first.name));
    return scale === "percentile" && !this.#percentiles.value.has(name) ? "linear" : scale;
  }

  scale(name: string): Scale {
    const info = this.info(name);
    const kind = this.scaleName(name);
    const key = `${kind}\n${name}`;
    let scale = this.#scales.get(key);
    if (!scale) {
      const sharing = info.share
        ? [...this.#infos.values()].filter((other) => other.share === info.share && other.name !== name)
        : [];
      const summaries = [this.summary(name), ...sharing.map((other) => this.summary(other.name))];
      const percentiles = this.#percentiles.value.get(name) ?? null;
      this.#scales.set(key, (scale = makeScale(kind, summaries, this.categories(name), percentiles)));
    }
    return scale;
  }

  /** How an engine is to cut an axis. */
  binning(name: string): Binning {
    const scale = this.scale(name);
    const percentiles = scale.name === "percentile" ? this.#percentiles.value.get(name) : undefined;
    return { column: name, scale: scale.name, domain: scale.domain, ...(percentiles ? { percentiles } : {}) };
  }

  /** Every exact row's place on an axis; the same array for the same scale, so that the GPU keeps it. */
  places(name: string): Float32Array {
    const vector = this.exact.value.vectors.get(name);
    if (!vector) return new Float32Array(0);
    const scale = this.scale(name);
    let known = this.#places.get(vector);
    if (known?.scale !== scale) this.#places.set(vector, (known = { scale, places: positions(vector, scale) }));
    return known.places;
  }

  /** The gutters that an axis uses. */
  slots(name: string): SlotCode[] {
    const s = this.summary(name);
    const counts: Record<SlotCode, number> = {
      [Slot.PositiveInfinity]: s.positiveInfinity,
      [Slot.NonPositive]: this.scaleName(name) === "log" ? s.nonPositive : 0,
      [Slot.NegativeInfinity]: s.negativeInfinity,
      [Slot.NaN]: s.nan,
      [Slot.Missing]: s.missing,
    };
    return [Slot.PositiveInfinity, ...LOWER_SLOTS].filter((slot) => counts[slot] > 0);
  }

  /** RGBA an exact row in a theme's palette. */
  colours(palette: Palette): Uint8Array {
    const { count, vectors } = this.exact.value;
    const name = this.color.value;
    const vector = name === null ? undefined : vectors.get(name);
    return colourRows(count, vector ?? null, name !== null && vector ? this.places(name) : null, palette);
  }

  /** The colours of some rows given by their values. */
  coloursOf(rows: number, values: Named<Vector>, palette: Palette): Uint8Array {
    const name = this.color.value;
    const vector = name === null ? undefined : own(values, name);
    return colourRows(
      rows,
      vector ?? null,
      name !== null && vector ? positions(vector, this.scale(name)) : null,
      palette,
    );
  }

  hover(hovered: Hovered | null): void {
    if (hovered?.row !== this.hovered.peek()?.row || hovered?.from !== this.hovered.peek()?.from)
      this.hovered.value = hovered;
  }

  setBrushes(name: string, brushes: readonly Brush[]): void {
    const { [name]: _, ...others } = this.brushes.value;
    this.brushes.value = brushes.length ? { ...others, [name]: brushes } : others;
  }

  clear(): void {
    batch(() => ([this.brushes.value, this.search.value] = [{}, ""]));
  }

  /** Goes on with the brushed rows alone, or without them. */
  restrict(action: Step["action"]): void {
    batch(() => {
      const { columns, search } = this.filters.value;
      this.steps.value = [...this.steps.value, { action, columns, ...(search ? { search } : {}) }];
      this.undone.value = [];
      this.clear();
    });
  }

  /** Takes back the last `restrict`. */
  undo(): void {
    const last = this.steps.value.at(-1);
    if (!last) return;
    batch(() => {
      this.steps.value = this.steps.value.slice(0, -1);
      this.undone.value = [last, ...this.undone.value];
    });
  }

  /** Does again what `undo` took back last. */
  redo(): void {
    const [next, ...others] = this.undone.value;
    if (!next) return;
    batch(() => {
      this.steps.value = [...this.steps.value, next];
      this.undone.value = others;
    });
  }

  /** Lays a finding's evidence on the axes; those it needs are shown. */
  showEvidence(filters: ColumnFilters): void {
    batch(() => {
      const evidence = this.#evidence(filters);
      for (const name of Object.keys(evidence)) if (!this.axes.value.includes(name)) this.restore(name);
      this.brushes.value = evidence;
    });
  }

  /** Whether a finding's evidence, and nothing else, lies on the axes. */
  showsEvidence(filters: ColumnFilters): boolean {
    return JSON.stringify(this.brushes.value) === JSON.stringify(this.#evidence(filters));
  }

  #evidence(filters: ColumnFilters): Named<readonly Brush[]> {
    const known = Object.entries(filters).filter(([name]) => this.#infos.has(name));
    return Object.fromEntries(known.map(([name, filter]) => [name, fromFilter(filter)]));
  }

  toggleInverted(name: string): void {
    const inverted = new Set(this.inverted.value);
    if (!inverted.delete(name)) inverted.add(name);
    this.inverted.value = inverted;
  }

  hide(name: string): void {
    batch(() => {
      this.axes.value = this.axes.value.filter((other) => other !== name);
      this.setBrushes(name, []);
    });
  }

  /** Shows a hidden column again, where the frame has it among those that are shown. */
  restore(name: string): void {
    const order = [...this.#infos.keys()];
    const after = this.axes.value.findLastIndex((other) => order.indexOf(other) < order.indexOf(name));
    this.axes.value = this.axes.value.toSpliced(after + 1, 0, name);
  }

  async chooseScale(name: string, scale: ScaleName): Promise<void> {
    const key = this.info(name).share || name;
    if (scale === "percentile") await this.#readPercentiles(key);
    this.chosenScales.value = { ...this.chosenScales.value, [key]: scale };
  }

  /** Takes over what a person made of an earlier state of the same frame, where its columns are still there. */
  adopt(old: Lens): void {
    const known = (name: string) => this.#infos.has(name);
    const named = <T>(values: Named<T>) => Object.fromEntries(Object.entries(values).filter(([name]) => known(name)));
    const same = (a: readonly string[], b: readonly string[]) => a.join("\n") === b.join("\n");
    batch(() => {
      const { frame } = old.engine;
      const preset = frame.presets.find((each) => same(each.axes, old.axes.value));
      // Axes that nobody touched follow the frame: a metric that is logged for the first time finds its place.
      if (preset)
        this.axes.value =
          this.engine.frame.presets.find((each) => each.label === preset.label)?.axes ?? this.axes.value;
      else if (!same(old.axes.value, frame.axes)) this.axes.value = old.axes.value.filter(known);
      if (this.axes.value.length === 0) this.axes.value = this.engine.frame.axes;
      if (old.color.value !== frame.color && (old.color.value === null || known(old.color.value)))
        this.color.value = old.color.value;
      this.inverted.value = old.inverted.value;
      this.brushes.value = named(old.brushes.value);
      this.chosenScales.value = old.chosenScales.value;
      this.search.value = old.search.value;
      const holds = (step: Step) => Object.keys(step.columns).every(known);
      this.steps.value = old.steps.value.filter(holds);
      this.undone.value = old.undone.value.filter(holds);
      // Rows may have come in before it: its values hold, its number does not.
      if (old.hovered.value)
        this.hovered.value = { ...old.hovered.value, row: -1, values: named(old.hovered.value.values) };
      if (this.ready.value) this.#forgetCategories();
    });
  }

  /** Takes categories off the brushes that the frame has no more. */
  #forgetCategories(): void {
    for (const [name, brushes] of Object.entries(this.brushes.peek())) {
      const categories = this.categories(name);
      if (!categories || brushes.every((brush) => brush.kind !== "values")) continue;
      const kept = brushes.flatMap((brush): Brush[] => {
        if (brush.kind !== "values") return [brush];
        const values = brush.values.filter((value) => categories.includes(value));
        return values.length ? [{ kind: "values", values }] : [];
      });
      this.setBrushes(name, kept);
    }
  }

  /** Percentiles of a column, or of all that share its domain. */
  async #readPercentiles(key: string): Promise<void> {
    const names = [...this.#infos.values()].filter((info) => (info.share || info.name) === key).map(({ name }) => name);
    const found = await Promise.all(names.map(async (each) => [each, await this.engine.percentiles(each)] as const));
    this.#percentiles.value = new Map([...this.#percentiles.peek(), ...found]);
  }

  #asked = 0;

  async #select(filters: Filters, base: Filters): Promise<void> {
    const ticket = ++this.#asked;
    const [chosen, left] = await Promise.all([this.engine.select(filters), this.engine.select(base)]);
    if (ticket === this.#asked) this.#selection.value = { chosen, left };
  }

  async #load(names: readonly string[]): Promise<void> {
    const missing = names.filter((name) => !this.#vectors.peek().has(name));
    if (missing.length === 0) return;
    const { columns } = await this.engine.rows({ columns: missing });
    this.#vectors.value = new Map([...this.#vectors.peek(), ...Object.entries(columns)]);
  }
}
