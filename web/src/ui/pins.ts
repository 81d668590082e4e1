import { batch, computed, effect, signal } from "@preact/signals";
import type { Vector } from "../core/column";
import type { ColumnFilter } from "../core/filter";
import { isPresent } from "../core/column";
import { own } from "../core/own";
import type { Lens } from "./lens";

/** More lines than this would no longer be told apart by their looks. */
export const MOST_PINS = 8;

type Named<T> = Readonly<Record<string, T>>;

/** A pinned row: its number, its values where they have come in, and which of the looks it has. */
export interface Pin {
  readonly row: number;
  readonly look: number;
  readonly values: Named<Vector> | null;
}

/** The lines that a person pinned: they stay in sight whatever is brushed, each with a look of its own. */
export class Pins {
  /** Row numbers by look; −1 where a look is free. */
  readonly rows = signal<readonly number[]>([]);
  readonly #lens: Lens;
  readonly #values = signal<ReadonlyMap<number, Named<Vector>>>(new Map());
  #stop: (() => void) | null = null;
  #asked = 0;

  constructor(lens: Lens) {
    this.#lens = lens;
  }

  readonly list = computed<readonly Pin[]>(() =>
    this.rows.value.flatMap((row, look) =>
      row < 0 ? [] : [{ row, look, values: this.#values.value.get(row) ?? null }],
    ),
  );

  /** Starts to fetch what the pinned rows hold. */
  open(): void {
    this.#stop ??= effect(() => void this.#fetch(this.rows.value, this.#lens.wanted.value));
  }

  close(): void {
    this.#stop?.();
    this.#stop = null;
  }

  has(row: number): boolean {
    return row >= 0 && this.rows.value.includes(row);
  }

  /** Pins a row, or lets it go. */
  toggle(row: number): void {
    const rows = [...this.rows.value];
    const at = rows.indexOf(row);
    const free = rows.indexOf(-1);
    if (at >= 0) rows[at] = -1;
    else if (free >= 0) rows[free] = row;
    else if (rows.length < MOST_PINS) rows.push(row);
    else return this.#lens.say(`${MOST_PINS} lines are pinned; let one go first`);
    while (rows.at(-1) === -1) rows.pop();
    this.rows.value = rows;
    this.#lens.say(at >= 0 ? "Line unpinned" : `Line pinned, ${this.list.value.length} in all`);
  }

  clear(): void {
    this.rows.value = [];
  }

  /** Takes over the pins of an earlier state of the frame, finding each row again by what it holds. */
  async adopt(old: Pins): Promise<void> {
    const ticket = ++this.#asked;
    const before = old.list.peek();
    const mine = this.rows.peek();
    const { frame } = this.#lens.engine;
    const found = await Promise.all(
      before.map(async ({ row, values }) =>
        values && frame.rows !== old.#lens.engine.frame.rows ? this.#find(values) : row,
      ),
    );
    // Asked again meanwhile, or a person pins here already.
    if (ticket !== this.#asked || this.rows.peek() !== mine) return;
    const rows: number[] = [];
    before.forEach(({ look }, i) => {
      while (rows.length < look) rows.push(-1);
      rows[look] = found[i]! < frame.rows ? found[i]! : -1;
    });
    while (rows.at(-1) === -1) rows.pop();
    this.rows.value = rows;
  }

  /** The row that holds some values; −1 where none does. */
  async #find(values: Named<Vector>): Promise<number> {
    const columns: Record<string, ColumnFilter> = {};
    for (const [name, vector] of Object.entries(values)) {
      if (!this.#lens.engine.frame.columns.some((column) => column.name === name)) continue;
      const value = vector.values[0]!;
      if (!isPresent(vector, 0)) columns[name] = { missing: true };
      else if (vector.categories) columns[name] = { values: [vector.categories[value]!] };
      else if (Number.isFinite(value)) columns[name] = { ranges: [[value, value]] };
      else columns[name] = { special: [Number.isNaN(value) ? "nan" : value > 0 ? "+inf" : "-inf"] };
    }
    const { ids } = await this.#lens.engine.rows({ columns: [], filters: { columns }, limit: 1 });
    return ids[0] ?? -1;
  }

  async #fetch(rows: readonly number[], names: readonly string[]): Promise<void> {
    const known = this.#values.peek();
    const wanted = rows.filter((row) => row >= 0);
    const missing = wanted.filter((row) => names.some((name) => !own(known.get(row) ?? {}, name)));
    if (missing.length === 0) return;
    const found = await Promise.all(
      missing.map(async (row) => [row, await this.#lens.engine.values(Uint32Array.of(row), names)] as const),
    );
    batch(() => {
      const kept = [...this.#values.peek()].filter(([row]) => this.rows.peek().includes(row));
      this.#values.value = new Map([...kept, ...found]);
    });
  }
}
