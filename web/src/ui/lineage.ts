import { computed, effect, signal } from "@preact/signals";
import type { Vector } from "../core/column";
import { isPresent } from "../core/column";
import type { ColumnFilter } from "../core/filter";
import { own } from "../core/own";
import { take } from "../engine/vectors";
import type { Lens } from "./lens";

/** Generations that are followed, and relatives that are shown at most. */
const GENERATIONS = 32;
const MOST = 64;
/** A pointer that only passes by asks nothing. */
const PATIENCE = 60;

type Named<T> = Readonly<Record<string, T>>;

/** A row that another descends from, or the other way round. */
export interface Relative {
  readonly row: number;
  readonly side: "ancestor" | "descendant";
  readonly values: Named<Vector>;
}

/** What the rows under the pointer and the pinned ones descend from, and what descends from them: `uid` and `from_uid`. */
export class Lineage {
  readonly relatives = signal<readonly Relative[]>([]);
  /** Whether the frame says where its rows come from. */
  readonly known: boolean;
  readonly #lens: Lens;
  #stop: (() => void) | null = null;
  #asked = 0;
  #timer = 0;

  constructor(lens: Lens) {
    this.#lens = lens;
    const names = new Set(lens.engine.frame.columns.map((column) => column.name));
    this.known = names.has("uid") && names.has("from_uid");
  }

  readonly #rows = computed(() => {
    const hovered = this.#lens.hovered.value?.row ?? -1;
    const pinned = this.#lens.pins.list.value.map((pin) => pin.row);
    return [...new Set([...(hovered >= 0 ? [hovered] : []), ...pinned])];
  });

  open(): void {
    if (!this.known) return;
    this.#stop ??= effect(() => {
      const rows = this.#rows.value;
      const names = this.#lens.wanted.value;
      const ticket = ++this.#asked;
      clearTimeout(this.#timer);
      if (rows.length === 0) this.relatives.value = [];
      else this.#timer = setTimeout(() => void this.#follow(rows, names, ticket), PATIENCE);
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stop?.();
    this.#stop = null;
  }

  async #follow(rows: readonly number[], names: readonly string[], ticket: number): Promise<void> {
    const { engine } = this.#lens;
    const start = await engine.values(Uint32Array.from(rows), ["uid", "from_uid"]);
    const found = new Map<number, Relative>();
    const seen = new Set(rows);
    for (const [side, from, to] of [
      ["ancestor", "from_uid", "uid"],
      ["descendant", "uid", "from_uid"],
    ] as const) {
      let filter = among(start[from]!, this.#lens, to);
      for (let generation = 0; filter && generation < GENERATIONS && found.size < MOST; generation++) {
        const { ids, columns } = await engine.rows({
          columns: [...new Set([...names, "uid", "from_uid"])],
          filters: { columns: { [to]: filter } },
          limit: MOST,
        });
        if (ticket !== this.#asked) return;
        const fresh = [...ids.keys()].filter((i) => !seen.has(ids[i]!));
        for (const i of fresh.slice(0, MOST - found.size)) {
          const values = Object.entries(columns).map(([name, vector]) => [name, take(vector, Uint32Array.of(i))]);
          seen.add(ids[i]!);
          found.set(ids[i]!, { row: ids[i]!, side, values: Object.fromEntries(values) });
        }
        filter = among(take(columns[from]!, Uint32Array.from(fresh)), this.#lens, to);
      }
    }
    if (ticket === this.#asked) this.relatives.value = [...found.values()];
  }
}

/** What lets through the rows whose `column` holds one of some values; null where there is none. */
function among({ values, valid, categories }: Vector, lens: Lens, column: string): ColumnFilter | null {
  const present = [...values.keys()].filter((i) => isPresent({ values, valid, categories }, i));
  const found = present.map((i) => categories?.[values[i]!] ?? values[i]!);
  if (lens.categories(column)) {
    const names = [...new Set(found.map(String))].filter((name) => name !== "");
    return names.length ? { values: names } : null;
  }
  const numbers = [...new Set(found.map(Number))].filter(Number.isFinite);
  return numbers.length ? { ranges: numbers.map((value) => [value, value] as const) } : null;
}

/** Whether a relative can be drawn on an axis. */
export function holds(relative: Relative, name: string): boolean {
  return own(relative.values, name) !== undefined;
}
