import { batch, signal } from "@preact/signals";
import type { Step } from "../core/filter";

/** What was kept and thrown out, in order, and what of it was taken back. */
export class History {
  readonly steps = signal<readonly Step[]>([]);
  /** What was undone, the last first, as long as no other step was made. */
  readonly undone = signal<readonly Step[]>([]);

  add(step: Step): void {
    batch(() => {
      this.steps.value = [...this.steps.value, step];
      this.undone.value = [];
    });
  }

  undo(): void {
    const last = this.steps.value.at(-1);
    if (!last) return;
    batch(() => {
      this.steps.value = this.steps.value.slice(0, -1);
      this.undone.value = [last, ...this.undone.value];
    });
  }

  redo(): void {
    const [next, ...others] = this.undone.value;
    if (!next) return;
    batch(() => {
      this.steps.value = [...this.steps.value, next];
      this.undone.value = others;
    });
  }

  /** Takes over the steps of an earlier state of the frame, those whose columns are still there. */
  adopt(old: History, known: (column: string) => boolean): void {
    const holds = (step: Step) => Object.keys(step.columns).every(known);
    this.steps.value = old.steps.value.filter(holds);
    this.undone.value = old.undone.value.filter(holds);
  }
}
