import { signal } from "@preact/signals";
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
  readonly #engine: Engine;
  readonly #known: Known;
  readonly #percentiles = signal<ReadonlyMap<string, Float64Array>>(new Map());
  readonly #made = new Map<string, Scale>();

  constructor(engine: Engine, known: Known) {
    this.#engine = engine;
    this.#known = known;
  }

  /** Asks for what the chosen scales are made of. */
  async open(): Promise<void> {
    for (const [name, scale] of Object.entries(this.chosen.peek()))
      if (scale === "percentile") await this.#readPercentiles(name);
  }

  /** The name of a column's scale. */
  nameOf(name: string): ScaleName {
    const info = this.#known.infos.get(name)!;
    // Columns with one domain have one scale: a choice for one is a choice for all.
    const chosen = own(this.chosen.value, keyOf(info));
    const first = this.#sharing(info)[0]!;
    const scale = chosen ?? defaultScale(first, this.#known.summary(first.name));
    return scale === "percentile" && !this.#percentiles.value.has(name) ? "linear" : scale;
  }

  /** A column's scale; the same object while nothing about it has changed. */
  of(name: string): Scale {
    const info = this.#known.infos.get(name)!;
    const kind = this.nameOf(name);
    const key = `${kind}\n${name}`;
    let scale = this.#made.get(key);
    if (!scale) {
      const others = info.share ? this.#sharing(info).filter((other) => other.name !== name) : [];
      const summaries = [info, ...others].map((each) => this.#known.summary(each.name));
      const percentiles = this.#percentiles.value.get(name) ?? null;
      this.#made.set(key, (scale = makeScale(kind, summaries, summaries[0]!.names, percentiles)));
    }
    return scale;
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
