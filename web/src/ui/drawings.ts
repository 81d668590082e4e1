import { signal } from "@preact/signals";
import { nextTask } from "../core/task";
import type { Density } from "../render/scene";
import type { Counted, Style } from "./grids";
import { densityOf } from "./grids";

/** A count is drawn in so many styles at most: selected and context, each before and after a change. */
const MOST_STYLES = 4;

interface Task {
  readonly counted: Counted;
  readonly style: Style;
}

/** The drawings of counts, each made once a style; a change of style makes them one at a time, and shows them together. */
export class Drawings {
  readonly #made = new WeakMap<Counted, Map<string, Density>>();
  readonly #finished = signal(0);
  #waiting: Task[] = [];
  #working = false;

  /** Makes drawings ahead, one a task, so that none of them together holds up the page. */
  async warm(counted: readonly Counted[], style: Style): Promise<void> {
    for (const each of counted) {
      // Whoever asks has just counted, or answers a hand: that was a task's worth.
      await nextTask();
      if (!this.#find(each, style)) this.#make(each, style);
    }
    await nextTask();
  }

  /**
   * A drawing. Where it is still to be made in this style, that in the style before, if there was one: whoever reads this
   * in a computed value is told when it is there.
   *
   * @returns Null for a context that was never drawn yet.
   */
  of(counted: Counted, style: Style): Density | null {
    const found = this.#find(counted, style);
    if (found) return found;
    const others = this.#made.get(counted);
    // What nobody has drawn yet must be seen at once; whoever counted it has mostly made it ahead.
    if (!others) return this.#make(counted, style);
    void this.#finished.value;
    this.#waiting = this.#waiting.filter((task) => task.counted !== counted || task.style.strength !== style.strength);
    this.#waiting.push({ counted, style });
    void this.#work();
    return [...others].findLast(([key]) => key.startsWith(`${style.strength} `))?.[1] ?? null;
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    while (this.#waiting.length) {
      await nextTask();
      const task = this.#waiting.shift();
      if (task && !this.#find(task.counted, task.style)) this.#make(task.counted, task.style);
    }
    this.#working = false;
    this.#finished.value++;
  }

  #find(counted: Counted, style: Style): Density | undefined {
    return this.#made.get(counted)?.get(keyOf(style));
  }

  #make(counted: Counted, style: Style): Density {
    let made = this.#made.get(counted);
    if (!made) this.#made.set(counted, (made = new Map()));
    const density = densityOf(counted, style);
    made.set(keyOf(style), density);
    for (const key of made.keys()) if (made.size > MOST_STYLES) made.delete(key);
    return density;
  }
}

function keyOf({ strength, height, palette, colour }: Style): string {
  return `${strength} ${height} ${palette.key} ${colour ? colour.join() : ""}`;
}
