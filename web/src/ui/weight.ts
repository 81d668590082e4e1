import { computed, effect, signal } from "@preact/signals";
import type { Filters } from "../core/filter";
import { isPresent } from "../core/column";
import type { Vector } from "../core/column";
import type { Binning } from "../engine/engine";
import type { Lens } from "./lens";

/** A line of no weight still shows. */
const FAINTEST = 0.12;

/** How much of the whole the selected rows weigh, where a column says what each row weighs. */
export class Weight {
  readonly column = signal<string | null>(null);
  /** Selected of what the steps left, 0–1; null where nothing weighs or it is not known yet. */
  readonly share = signal<{ readonly share: number; readonly approximate: boolean } | null>(null);
  readonly #lens: Lens;
  #stop: (() => void) | null = null;
  #asked = 0;

  constructor(lens: Lens) {
    this.#lens = lens;
  }

  open(): void {
    this.#stop ??= effect(() => {
      const lens = this.#lens;
      const name = this.column.value;
      const ticket = ++this.#asked;
      if (name === null) this.share.value = null;
      else if (!lens.crowd) this.share.value = this.#exact(name);
      else if (lens.brushed.value) void this.#ask(name, lens.settled.value, lens.base.value, ticket);
      else this.share.value = { share: 1, approximate: false };
    });
  }

  close(): void {
    this.#stop?.();
    this.#stop = null;
  }

  adopt(old: Weight): void {
    const name = old.column.value;
    this.column.value = this.#lens.engine.frame.columns.some((column) => column.name === name) ? name : null;
  }

  /** Every exact row's weight as a share of the heaviest, from faint to full; null where nothing weighs. */
  readonly strengths = computed<Uint8Array | null>(() => {
    const vector = this.#vector();
    if (!vector) return null;
    const { count } = this.#lens.exact.value;
    let most = 0;
    for (let i = 0; i < count; i++) most = Math.max(most, weightOf(vector, i));
    return Uint8Array.from({ length: count }, (_, i) =>
      Math.round(255 * (FAINTEST + (1 - FAINTEST) * (most > 0 ? weightOf(vector, i) / most : 1))),
    );
  });

  #vector(): Vector | undefined {
    const name = this.column.value;
    return name === null ? undefined : this.#lens.exact.value.vectors.get(name);
  }

  #exact(name: string): { share: number; approximate: boolean } | null {
    const { selected, vectors } = this.#lens.exact.value;
    const vector = vectors.get(name);
    if (!vector) return null;
    const sums = [0, 0, 0];
    selected.forEach((which, i) => (sums[which]! += weightOf(vector, i)));
    const all = sums[0]! + sums[1]!;
    return all > 0 ? { share: sums[1]! / all, approximate: false } : null;
  }

  /** A cube adds up where rows stand on the axis of its colour: on a linear one, that is what they weigh. */
  async #ask(name: string, filters: Filters, base: Filters, ticket: number): Promise<void> {
    const { min, max } = this.#lens.summary(name);
    if (!(max > 0)) return void (this.share.value = null);
    const axis: Binning = { column: name, scale: "linear", domain: [Math.max(0, Math.min(min, max)), max] };
    const sums = await Promise.all(
      [filters, base].map(async (asked) => {
        const cube = await this.#lens.engine.cube({ pairs: [[axis, axis]], bins: 1, filters: asked, color: axis });
        const [colours, [low, high]] = [cube.colours[0]!, axis.domain];
        let [rows, places] = [0, 0];
        for (let i = 0; i < colours.length; i += 2) [rows, places] = [rows + colours[i]!, places + colours[i + 1]!];
        return low * rows + (high - low) * places;
      }),
    );
    if (ticket === this.#asked)
      this.share.value = sums[1]! > 0 ? { share: sums[0]! / sums[1]!, approximate: true } : null;
  }
}

/** What a row weighs: nothing where that is unknown or below 0. */
function weightOf(vector: Vector, row: number): number {
  const value = vector.values[row]!;
  return isPresent(vector, row) && value > 0 && Number.isFinite(value) ? value : 0;
}
