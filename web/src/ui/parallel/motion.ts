import { signal } from "@preact/signals";

/** Numbers that glide to where they belong: an axis' place, how far it has turned. */
export class Motion {
  /** The numbers as they are now, by key. */
  readonly values = signal<ReadonlyMap<string, number>>(new Map());
  #targets = new Map<string, number>();
  #held = new Map<string, number>();
  #frame = 0;
  readonly #still: boolean;

  /** @param still Jump instead of gliding, for those who asked for less motion. */
  constructor(still: boolean) {
    this.#still = still;
  }

  /** Where every number belongs from now on; keys not seen before start there. */
  aim(targets: ReadonlyMap<string, number>): void {
    this.#targets = new Map(targets);
    const next = new Map<string, number>();
    for (const [key, target] of targets) next.set(key, this.#still ? target : (this.values.peek().get(key) ?? target));
    for (const [key, value] of this.#held) if (next.has(key)) next.set(key, value);
    if (!same(next, this.values.peek())) this.values.value = next;
    this.#start();
  }

  /** Jumps to where everything belongs, as after a resize. */
  settle(): void {
    this.values.value = new Map([...this.#targets, ...this.#held]);
  }

  /** Pins a number to a value, as while it is dragged; `undefined` lets it go. */
  hold(key: string, value: number | undefined): void {
    if (value === undefined) this.#held.delete(key);
    else this.#held.set(key, value);
    if (value !== undefined) this.values.value = new Map([...this.values.peek(), [key, value]]);
    this.#start();
  }

  #start(): void {
    this.#frame ||= requestAnimationFrame(() => this.#step());
  }

  #step(): void {
    this.#frame = 0;
    const next = new Map<string, number>();
    let moving = false;
    for (const [key, target] of this.#targets) {
      const now = this.values.peek().get(key) ?? target;
      const goal = this.#held.get(key) ?? target;
      const scale = Math.max(1, Math.abs(goal));
      const arrived = this.#still || this.#held.has(key) || Math.abs(goal - now) < 0.0006 * scale;
      next.set(key, arrived ? goal : now + (goal - now) * 0.28);
      moving ||= !arrived;
    }
    if (!same(next, this.values.peek())) this.values.value = next;
    if (moving) this.#start();
  }
}

function same(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
