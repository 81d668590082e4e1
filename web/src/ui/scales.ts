import { signal } from "@preact/signals";
import type { CategoryOrder } from "../core/category-scale";
import { categoryScale } from "../core/category-scale";
import type { ColumnInfo, ScaleName, Summary } from "../core/column";
import { own } from "../core/own";
import type { Scale, SlotCode } from "../core/scale";
import { defaultScale, LOWER_SLOTS, makeScale, Slot } from "../core/scale";
import type { Binning, Engine } from "../engine/engine";

/** What the columns hold, as far as a scale must know it. */
interface Known {
  readonly infos: ReadonlyMap<string, ColumnInfo>;
  summary(name: string): Summary;
}

/** The scales of a frame's columns: those that a person chose, and those that the values suggest. */
export class Scales {
  readonly chosen = signal<Readonly<Record<string, ScaleName>>>({});
  /** What an axis is to show, whatever its values; by column, or by what its columns share. */
  readonly domains = signal<Readonly<Record<string, readonly [number, number]>>>({});
  /** How categories are ordered, by column. */
  readonly orders = signal<Readonly<Record<string, CategoryOrder>>>({});
  readonly #engine: Engine;
  readonly #known: Known;
  readonly #percentiles = signal<ReadonlyMap<string, Float64Array>>(new Map());
  readonly #made = new Map<string, Scale>();

  constructor(engine: Engine, known: Known) {
    this.#engine = engine;
    this.#known = known;
    // What the frame says is what a person would have typed, who can take it back as well.
    this.domains.value = Object.fromEntries(
      [...known.infos.values()].flatMap((info) => (info.domain ? [[keyOf(info), info.domain] as const] : [])),
    );
  }

  /** Asks for what the chosen scales are made of. */
  async open(): Promise<void> {
    const infos = [...this.#known.infos.values()].filter((info) => info.scale === "percentile");
    const usual = infos.map((info) => [keyOf(info), "percentile"] as const);
    for (const [key, scale] of Object.entries({ ...Object.fromEntries(usual), ...this.chosen.peek() }))
      if (scale === "percentile") await this.#readPercentiles(key);
  }

  /** The name of a column's scale. */
  nameOf(name: string): ScaleName {
    const info = this.#known.infos.get(name)!;
    // Columns with one domain have one scale: a choice for one is a choice for all.
    const chosen = own(this.chosen.value, keyOf(info));
    const first = this.#sharing(info)[0]!;
    const usual = defaultScale(first, this.#known.summary(first.name));
    // What a person wants to see decides before what the values suggest.
    const shown = usual === "log" && (this.domain(name)?.[0] ?? 1) <= 0 ? "linear" : usual;
    const scale = chosen ?? shown;
    return scale === "percentile" && !this.#percentiles.value.has(name) ? "linear" : scale;
  }

  /** A column's scale; the same object while nothing about it has changed. */
  of(name: string): Scale {
    const info = this.#known.infos.get(name)!;
    const kind = this.nameOf(name);
    const order = own(this.orders.value, name);
    const domain = this.domain(name);
    const key = JSON.stringify([kind, name, order ?? domain]);
    let scale = this.#made.get(key);
    if (!scale) {
      const own = this.#known.summary(name);
      const others = info.share ? this.#sharing(info).filter((other) => other.name !== name) : [];
      const summaries = [own, ...others.map((each) => this.#known.summary(each.name))];
      const percentiles = this.#percentiles.value.get(name) ?? null;
      scale =
        kind === "category"
          ? categoryScale(own.names ?? [], own, order)
          : makeScale(kind, summaries, percentiles, domain);
      if (this.#made.size > 5000) this.#made.clear();
      this.#made.set(key, scale);
    }
    return scale;
  }

  /** What a person wants an axis to show; null where its values say it. */
  domain(name: string): readonly [number, number] | null {
    return own(this.domains.value, keyOf(this.#known.infos.get(name)!)) ?? null;
  }

  /** Sets what an axis, and those of the same domain, show; null leaves it to the values again. */
  setDomain(name: string, domain: readonly [number, number] | null): void {
    const key = keyOf(this.#known.infos.get(name)!);
    const { [key]: _, ...others } = this.domains.value;
    this.domains.value = domain ? { ...others, [key]: domain } : others;
  }

  /** The place of every category where a person ordered them and each has a bin of its own; else null. */
  ranks(name: string, bins: number): Uint32Array | null {
    const order = own(this.orders.value, name);
    const names = this.#known.summary(name).names;
    if (!order || !names || names.length > bins) return null;
    const { position } = this.of(name);
    return Uint32Array.from(names, (_, code) => Math.round((1 - position(code)) * names.length - 0.5));
  }

  /** Puts the categories of a column into an order. */
  setOrder(name: string, order: CategoryOrder): void {
    const { [name]: _, ...others } = this.orders.value;
    this.orders.value = order === "recorded" ? others : { ...others, [name]: order };
  }

  /** How an engine is to cut a column's axis. */
  binning(name: string): Binning {
    const scale = this.of(name);
    const percentiles = scale.name === "percentile" ? this.#percentiles.value.get(name) : undefined;
    return { column: name, scale: scale.name, domain: scale.domain, ...(percentiles ? { percentiles } : {}) };
  }

  /** The gutters that a column's axis uses. */
  slots(name: string): SlotCode[] {
    const s = this.#known.summary(name);
    const counts: Record<SlotCode, number> = {
      [Slot.PositiveInfinity]: s.positiveInfinity,
      [Slot.NonPositive]: this.nameOf(name) === "log" ? s.nonPositive : 0,
      [Slot.NegativeInfinity]: s.negativeInfinity,
      [Slot.NaN]: s.nan,
      [Slot.Missing]: s.missing,
    };
    return [Slot.PositiveInfinity, ...LOWER_SLOTS].filter((slot) => counts[slot] > 0);
  }

  async choose(name: string, scale: ScaleName): Promise<void> {
    const key = keyOf(this.#known.infos.get(name)!);
    if (scale === "percentile") await this.#readPercentiles(key);
    this.chosen.value = { ...this.chosen.value, [key]: scale };
  }

  /** Takes over what a person chose in an earlier state of the frame. */
  adopt(old: Scales): void {
    this.chosen.value = old.chosen.value;
    this.domains.value = old.domains.value;
    this.orders.value = old.orders.value;
  }

  /** The columns of one domain, the one that speaks for all first. */
  #sharing(info: ColumnInfo): readonly ColumnInfo[] {
    return info.share ? [...this.#known.infos.values()].filter((other) => other.share === info.share) : [info];
  }

  /** Percentiles of a column, or of all that share its domain. */
  async #readPercentiles(key: string): Promise<void> {
    const names = [...this.#known.infos.values()].filter((info) => keyOf(info) === key).map(({ name }) => name);
    const found = await Promise.all(names.map(async (each) => [each, await this.#engine.percentiles(each)] as const));
    this.#percentiles.value = new Map([...this.#percentiles.peek(), ...found]);
  }
}

function keyOf(info: ColumnInfo): string {
  return info.share || info.name;
}
