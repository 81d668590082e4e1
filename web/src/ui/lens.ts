import { batch, computed, effect, signal } from "@preact/signals";
import type { ColumnInfo, ScaleName, Summary, Vector } from "../core/column";
import { isPresent } from "../core/column";
import type { Brush } from "../core/brush";
import { fromFilter, toFilter } from "../core/brush";
import type { Palette } from "../core/colour";
import type { ColumnFilter, Filters } from "../core/filter";
import type { Scale, SlotCode } from "../core/scale";
import { defaultScale, LOWER_SLOTS, makeScale, positions, Slot } from "../core/scale";
import type { Engine, Selection } from "../engine/engine";
import { colourRows } from "./colouring";

type Named<T> = Readonly<Record<string, T>>;

/** What a person has made of one frame: its axes, brushes and colours, and what follows from them. */
export class Lens {
  readonly engine: Engine;
  readonly axes = signal<readonly string[]>([]);
  readonly inverted = signal<ReadonlySet<string>>(new Set());
  readonly brushes = signal<Named<readonly Brush[]>>({});
  readonly chosenScales = signal<Named<ScaleName>>({});
  readonly color = signal<string | null>(null);
  /** The row under the pointer, in the plot or in the table. */
  readonly hovered = signal<number | null>(null);
  readonly hoveredFrom = signal<"plot" | "table">("plot");
  readonly selection = signal<Selection>({ count: 0, bits: new Uint8Array(0) });
  /** False until the first answers are in. */
  readonly ready = signal(false);

  readonly #infos: ReadonlyMap<string, ColumnInfo>;
  readonly #summaries = signal<ReadonlyMap<string, Summary>>(new Map());
  readonly #vectors = signal<ReadonlyMap<string, Vector>>(new Map());
  readonly #scales = new Map<string, Scale>();
  readonly #positions = new WeakMap<Scale, Float32Array>();

  constructor(engine: Engine) {
    this.engine = engine;
    this.#infos = new Map(engine.frame.columns.map((column) => [column.name, column]));
    this.axes.value = engine.frame.axes;
    this.color.value = engine.frame.color;
  }

  /** Asks for what the first picture needs, then keeps the selection and the columns up to date. */
  async open(): Promise<void> {
    if (this.ready.value) return;
    const names = [...this.#infos.keys()];
    const summaries = await this.engine.describe(names);
    this.#summaries.value = new Map(summaries.map((summary) => [summary.name, summary]));
    await this.#load(this.wanted.value);
    this.selection.value = await this.engine.select(this.filters.value);
    this.ready.value = true;
    effect(() => void this.#load(this.wanted.value));
    let asked = 0;
    effect(() => {
      const ticket = ++asked;
      void this.engine.select(this.filters.value).then((selection) => {
        if (ticket === asked) this.selection.value = selection;
      });
    });
  }

  info(name: string): ColumnInfo {
    return this.#infos.get(name)!;
  }

  summary(name: string): Summary {
    return this.#summaries.value.get(name)!;
  }

  /** A column's values, undefined until they have arrived. */
  vector(name: string): Vector | undefined {
    return this.#vectors.value.get(name);
  }

  /** The columns whose values the picture needs. */
  readonly wanted = computed(() => [
    ...new Set([...this.axes.value, ...(this.color.value === null ? [] : [this.color.value])]),
  ]);

  /** The axes whose values are here: what can be drawn now. */
  readonly drawn = computed(() => this.axes.value.filter((name) => this.#vectors.value.has(name)));

  readonly filters = computed<Filters>(() => {
    const filters: Record<string, ColumnFilter> = {};
    for (const [name, brushes] of Object.entries(this.brushes.value)) {
      const filter = toFilter(brushes, this.#summaries.value.get(name)?.min ?? -Infinity);
      if (filter) filters[name] = filter;
    }
    return filters;
  });

  readonly brushed = computed(() => Object.keys(this.filters.value).length > 0);

  /** One byte a row, as the renderers want it. */
  readonly selected = computed(() => {
    const { bits } = this.selection.value;
    const bytes = new Uint8Array(this.engine.frame.rows);
    for (let i = 0; i < bytes.length; i++) bytes[i] = ((bits[i >> 3] ?? 0) >> (i & 7)) & 1;
    return bytes;
  });

  scaleName(name: string): ScaleName {
    const info = this.info(name);
    // Columns with one domain have one scale: a choice for one is a choice for all.
    const chosen = this.chosenScales.value[info.share || name];
    const first = info.share ? [...this.#infos.values()].find((other) => other.share === info.share)! : info;
    return chosen ?? defaultScale(first, this.summary(first.name));
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
      this.#scales.set(key, (scale = makeScale(kind, summaries, this.vector(name)?.categories ?? null)));
    }
    return scale;
  }

  /** Every row's place on an axis; the same array for the same scale, so that the GPU keeps it. */
  places(name: string): Float32Array {
    const scale = this.scale(name);
    let places = this.#positions.get(scale);
    if (!places) this.#positions.set(scale, (places = positions(this.vector(name)!, scale)));
    return places;
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

  /** RGBA a row in a theme's palette. */
  colours(palette: Palette): Uint8Array {
    const name = this.color.value;
    const vector = name === null ? undefined : this.vector(name);
    if (name === null || !vector) return colourRows(this.engine.frame.rows, null, null, palette);
    return colourRows(this.engine.frame.rows, vector, this.places(name), palette);
  }

  hover(row: number | null, from: "plot" | "table"): void {
    batch(() => {
      this.hovered.value = row;
      this.hoveredFrom.value = from;
    });
  }

  setBrushes(name: string, brushes: readonly Brush[]): void {
    const { [name]: _, ...others } = this.brushes.value;
    this.brushes.value = brushes.length ? { ...others, [name]: brushes } : others;
  }

  clear(): void {
    this.brushes.value = {};
  }

  /** Lays a finding's evidence on the axes; those it needs are shown. */
  showEvidence(filters: Filters): void {
    const known = Object.entries(filters).filter(([name]) => this.#infos.has(name));
    for (const [name] of known) if (!this.axes.value.includes(name)) this.restore(name);
    this.brushes.value = Object.fromEntries(known.map(([name, filter]) => [name, fromFilter(filter)]));
  }

  toggleInverted(name: string): void {
    const inverted = new Set(this.inverted.value);
    if (!inverted.delete(name)) inverted.add(name);
    this.inverted.value = inverted;
  }

  hide(name: string): void {
    this.axes.value = this.axes.value.filter((other) => other !== name);
    this.setBrushes(name, []);
  }

  /** Shows a hidden column again, where the frame has it among those that are shown. */
  restore(name: string): void {
    const order = [...this.#infos.keys()];
    const after = this.axes.value.findLastIndex((other) => order.indexOf(other) < order.indexOf(name));
    this.axes.value = this.axes.value.toSpliced(after + 1, 0, name);
  }

  chooseScale(name: string, scale: ScaleName): void {
    this.chosenScales.value = { ...this.chosenScales.value, [this.info(name).share || name]: scale };
  }

  /** Whether a row holds a value in a column. */
  present(name: string, row: number): boolean {
    const vector = this.vector(name);
    return vector !== undefined && isPresent(vector, row);
  }

  async #load(names: readonly string[]): Promise<void> {
    const missing = names.filter((name) => !this.#vectors.peek().has(name));
    if (missing.length === 0) return;
    const { columns } = await this.engine.rows({ columns: missing });
    this.#vectors.value = new Map([...this.#vectors.peek(), ...Object.entries(columns)]);
  }
}
