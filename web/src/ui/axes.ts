import { signal } from "@preact/signals";
import { move } from "../core/order";
import type { FrameInfo } from "../engine/engine";

/** Which axes stand in the plot, in which order, and which way up. */
export class Axes {
  readonly shown = signal<readonly string[]>([]);
  readonly inverted = signal<ReadonlySet<string>>(new Set());
  /** How far an axis stands from the one before it, where a person has set that; in CSS pixels. */
  readonly gaps = signal<Readonly<Record<string, number>>>({});
  /** The axis that is to come into view. */
  readonly sought = signal<string | null>(null);
  readonly #frame: FrameInfo;

  constructor(frame: FrameInfo) {
    this.#frame = frame;
    this.shown.value = frame.axes;
    this.inverted.value = new Set(frame.inverted);
  }

  toggleInverted(name: string): void {
    const inverted = new Set(this.inverted.value);
    if (!inverted.delete(name)) inverted.add(name);
    this.inverted.value = inverted;
  }

  /** Takes an axis to another place among those shown. */
  move(name: string, to: number): void {
    const from = this.shown.peek().indexOf(name);
    if (from < 0 || to < 0 || to >= this.shown.peek().length || to === from) return;
    this.shown.value = move(this.shown.peek(), from, to);
  }

  /** Sets how far an axis stands from the one before it, in CSS pixels; null shares what is left evenly. */
  setGap(name: string, gap: number | null): void {
    const { [name]: _, ...others } = this.gaps.value;
    this.gaps.value = gap === null ? others : { ...others, [name]: Math.round(gap) };
  }

  /** Shows a hidden column again, where the frame has it among those that are shown. */
  restore(name: string): void {
    const order = this.#frame.columns.map((column) => column.name);
    const after = this.shown.value.findLastIndex((other) => order.indexOf(other) < order.indexOf(name));
    this.shown.value = this.shown.value.toSpliced(after + 1, 0, name);
  }

  /** Takes over what a person made of an earlier state of the frame, where its columns are still there. */
  adopt(old: Axes): void {
    const known = new Set(this.#frame.columns.map((column) => column.name));
    const same = (a: readonly string[], b: readonly string[]) => a.join("\n") === b.join("\n");
    const preset = old.#frame.presets.find((each) => same(each.axes, old.shown.value));
    // Axes that nobody touched follow the frame: a metric that is logged for the first time finds its place.
    if (preset)
      this.shown.value = this.#frame.presets.find((each) => each.label === preset.label)?.axes ?? this.shown.value;
    else if (!same(old.shown.value, old.#frame.axes))
      this.shown.value = old.shown.value.filter((name) => known.has(name));
    if (this.shown.value.length === 0) this.shown.value = this.#frame.axes;
    this.inverted.value = old.inverted.value;
    this.gaps.value = old.gaps.value;
  }
}
