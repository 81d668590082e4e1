import { batch, computed, effect, signal } from "@preact/signals";
import type { ColumnInfo, ScaleName, Summary, Vector } from "../core/column";
import type { CategoryOrder } from "../core/category-scale";
import type { Brush } from "../core/brush";
import { fromFilter, neighbourhoods, toFilter, valuesOf, withoutLost } from "../core/brush";
import { own } from "../core/own";
import type { ColumnFilter, ColumnFilters, Filters, Step } from "../core/filter";
import { narrows } from "../core/filter";
import type { Scale, SlotCode } from "../core/scale";
import { positions } from "../core/scale";
import type { Binning, Engine, Selection } from "../engine/engine";
import { Folds } from "../core/folds";
import type { Scene } from "../render/scene";
import { Axes } from "./axes";
import { Colours } from "./colours";
import { Crowd } from "./crowd";
import { History } from "./history";
import type { LineStyle } from "./line-style";
import { PLAIN_LINES } from "./line-style";
import { Lineage } from "./lineage";
import { Pins } from "./pins";
import { Scales } from "./scales";
import { Weight } from "./weight";

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
  readonly arrangement: Axes;
  /** The axes shown, from left to right: those of `arrangement`. */
  readonly axes: Axes["shown"];
  readonly inverted: Axes["inverted"];
  readonly scales: Scales;
  readonly brushes = signal<Named<readonly Brush[]>>({});
  readonly color = signal<string | null>(null);
  readonly colouring = new Colours(this);
  readonly lines = signal<LineStyle>(PLAIN_LINES);
  readonly weight: Weight;
  readonly pins: Pins;
  readonly lineage: Lineage;
  readonly folds: Folds;
  /** The columns that a person chooses among: without those that only say how far a group spreads. */
  readonly columns: readonly ColumnInfo[];
  /** The axes that can be seen; null until the plot says so. What is out of sight is not counted. */
  readonly inView = signal<readonly string[] | null>(null);
  /** What the plot draws now. */
  readonly picture = signal<Scene | null>(null);
  /** What a screen reader is to say next. */
  readonly said = signal("");
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
  readonly #places = new WeakMap<Vector, { readonly scale: Scale; readonly places: Float32Array }>();

  constructor(engine: Engine) {
    this.engine = engine;
    this.#infos = new Map(engine.frame.columns.map((column) => [column.name, column]));
    this.arrangement = new Axes(engine.frame);
    [this.axes, this.inverted] = [this.arrangement.shown, this.arrangement.inverted];
    this.scales = new Scales(engine, { infos: this.#infos, summary: (name) => this.summary(name) });
    this.folds = new Folds(engine.frame.columns);
    this.columns = engine.frame.columns.filter((column) => !this.folds.auxiliary.has(column.name));
    this.weight = new Weight(this);
    this.pins = new Pins(this);
    this.lineage = new Lineage(this);
    this.color.value = engine.frame.color;
    this.weight.column.value = engine.frame.weight ?? null;
    this.crowd = engine.frame.rows > EXACT_ROWS ? new Crowd(this) : null;
  }

  /** Asks for what the first picture needs, then keeps it up to date. */
  async open(): Promise<void> {
    if (this.ready.value) return;
    const summaries = await this.engine.describe([...this.#infos.keys()]);
    this.#summaries.value = new Map(summaries.map((summary) => [summary.name, summary]));
    await this.scales.open();
    this.#forgetCategories();
    if (this.crowd) {
      this.ready.value = true;
      this.crowd.open();
      this.#follow();
      return;
    }
    await this.#load(this.wanted.value);
    await this.#select(this.filters.value, this.base.value);
    this.ready.value = true;
    this.#follow();
    this.#effects.push(
      effect(() => void this.#load(this.wanted.value)),
      effect(() => void this.#select(this.filters.value, this.base.value)),
    );
  }

  /** Keeps nothing up to date any more. */
  close(): void {
    for (const stop of this.#effects.splice(0)) stop();
    this.crowd?.close();
    for (const each of [this.pins, this.lineage, this.weight]) each.close();
  }

  #follow(): void {
    for (const each of [this.pins, this.lineage, this.weight]) each.open();
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

  /** The columns whose values the picture needs: axes, how far those that stand for a group spread, colour, weight. */
  readonly wanted = computed(() => {
    const axes = this.axes.value.flatMap((name) => {
      const fold = this.info(name).fold;
      return fold ? [name, fold.low, fold.high] : [name];
    });
    const others = [this.color.value, this.weight.column.value].filter((name) => name !== null);
    return [...new Set([...axes, ...others])];
  });

  /** The axes that can be drawn now. */
  readonly drawn = computed(() =>
    this.crowd ? this.axes.value : this.axes.value.filter((name) => this.#vectors.value.has(name)),
  );

  readonly #history = new History();
  /** What was kept and thrown out, in order; the last can be undone. */
  readonly steps = this.#history.steps;
  readonly undone = this.#history.undone;

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
    return this.scales.nameOf(name);
  }

  scale(name: string): Scale {
    return this.scales.of(name);
  }

  /** How an engine is to cut an axis. */
  binning(name: string): Binning {
    return this.scales.binning(name);
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
    return this.scales.slots(name);
  }

  /** Has a screen reader say something, the same thing twice where need be. */
  say(text: string): void {
    this.said.value = this.said.peek() === text ? `${text}\u00a0` : text;
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
      this.#history.add({ action, columns, ...(search ? { search } : {}) });
      this.clear();
    });
  }

  /** Takes back the last `restrict`. */
  undo(): void {
    this.#history.undo();
  }

  /** Does again what `undo` took back last. */
  redo(): void {
    this.#history.redo();
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
    this.arrangement.toggleInverted(name);
  }

  hide(name: string): void {
    if (this.axes.value.length < 2) return;
    this.show(this.axes.value.filter((other) => other !== name));
    this.say(`${this.info(name).label || name} hidden`);
  }

  /** Shows these axes and no others; a brush that would be out of sight goes. */
  show(axes: readonly string[]): void {
    const gone = this.axes.value.filter((name) => !axes.includes(name));
    batch(() => {
      this.axes.value = axes;
      for (const name of gone) this.setBrushes(name, []);
    });
  }

  /** Puts one axis in the place of those that it stands for, or those in its place. */
  fold(name: string, folded: boolean): void {
    this.show(folded ? this.folds.fold(this.axes.value, name) : this.folds.unfold(this.axes.value, name));
    this.say(`${this.info(name).label || name} ${folded ? "folded" : "unfolded"}`);
  }

  /** Puts the categories of a column into an order; brushes are parted where they would cover others now. */
  orderCategories(name: string, order: CategoryOrder): void {
    batch(() => {
      this.scales.setOrder(name, order);
      const brushes = own(this.brushes.value, name);
      if (brushes) this.setCategories(name, valuesOf(brushes));
    });
  }

  /** Brushes just these categories of a column; what else is brushed there stays. */
  setCategories(name: string, chosen: ReadonlySet<string>): void {
    const kept = (own(this.brushes.value, name) ?? []).filter((brush) => brush.kind !== "values");
    // Which are neighbours is known once the column is.
    const parted: readonly Brush[] = this.#summaries.peek().has(name)
      ? neighbourhoods(chosen, this.scale(name), this.categories(name)!)
      : [{ kind: "values", values: [...chosen] }];
    this.setBrushes(name, chosen.size ? [...kept, ...parted] : kept);
  }

  /** Shows a hidden column again, where the frame has it among those that are shown. */
  restore(name: string): void {
    this.arrangement.restore(name);
  }

  chooseScale(name: string, scale: ScaleName): Promise<void> {
    return this.scales.choose(name, scale);
  }

  /** Takes over what a person made of an earlier state of the same frame, where its columns are still there. */
  adopt(old: Lens): void {
    const known = (name: string) => this.#infos.has(name);
    const named = <T>(values: Named<T>) => Object.fromEntries(Object.entries(values).filter(([name]) => known(name)));
    batch(() => {
      const { frame } = old.engine;
      this.arrangement.adopt(old.arrangement);
      this.scales.adopt(old.scales);
      if (old.color.value !== frame.color && (old.color.value === null || known(old.color.value)))
        this.color.value = old.color.value;
      this.colouring.chosen.value = named(old.colouring.chosen.value);
      this.brushes.value = named(old.brushes.value);
      this.lines.value = old.lines.value;
      this.inView.value = old.inView.value?.filter(known) ?? null;
      this.weight.adopt(old.weight);
      void this.pins.adopt(old.pins);
      this.search.value = old.search.value;
      this.#history.adopt(old.#history, known);
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
      const kept = categories && withoutLost(brushes, categories);
      if (kept && kept !== brushes) this.setBrushes(name, kept);
      if (kept && !this.ready.peek()) this.setCategories(name, valuesOf(kept));
    }
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
