import { nextTask } from "../core/task";

/** Whether something is under way that other work should wait for. */
export class Busy {
  #count = 0;
  #idle: (() => void)[] = [];

  /** The same promise; while it waits, this is busy. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work;
    } finally {
      if (--this.#count === 0) for (const idle of this.#idle.splice(0)) idle();
    }
  }

  /** Waits until nothing is under way. */
  async idle(): Promise<void> {
    // What follows from an answer is asked before anything else may start.
    do {
      await nextTask();
      if (this.#count > 0) await new Promise<void>((done) => this.#idle.push(done));
    } while (this.#count > 0);
  }
}
