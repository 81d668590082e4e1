import type { ColumnInfo, Kind, Vector } from "../src/core/column";
import type { FrameInfo } from "../src/engine/engine";
import { LocalPlace } from "../src/engine/handle";
import { MemoryEngine } from "../src/engine/memory";
import { summarize } from "../src/engine/summary";
import { slice } from "../src/engine/vectors";

/** The same numbers on every run: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function info(name: string, kind: Kind = "number", more: Partial<ColumnInfo> = {}): ColumnInfo {
  return { name, label: "", unit: "", description: "", kind, scale: null, share: "", group: "", ...more };
}

/** A vector of numbers; `null` is missing. */
export function numbers(values: readonly (number | null)[]): Vector {
  const valid = new Uint8Array((values.length + 7) >> 3);
  values.forEach((value, i) => value !== null && (valid[i >> 3]! |= 1 << (i & 7)));
  return {
    values: Float64Array.from(values, (value) => value ?? 0),
    valid: values.includes(null) ? valid : null,
    categories: null,
  };
}

/** A vector of categories; `null` is missing. */
export function names(values: readonly (string | null)[], known: readonly string[] = []): Vector {
  const categories = [...new Set([...known, ...values.filter((value) => value !== null)])];
  const coded = numbers(values.map((value) => (value === null ? null : categories.indexOf(value))));
  return { values: Uint16Array.from(coded.values), valid: coded.valid, categories };
}

/** An engine over some columns, its rows sharded over so many places in this thread. */
export async function engineOf(columns: Record<string, Vector>, places = 3): Promise<MemoryEngine> {
  const vectors = Object.entries(columns);
  const rows = vectors[0]?.[1].values.length ?? 0;
  const frame: FrameInfo = {
    lens: "rows",
    label: "Rows",
    note: "",
    rows,
    axes: Object.keys(columns),
    color: null,
    presets: [],
    columns: vectors.map(([name, vector]) => info(name, vector.categories ? "category" : "number")),
  };
  const all = Array.from({ length: places }, () => new LocalPlace());
  const ends = all.map((_, i) => (i === places - 1 ? rows : 8 * Math.round(((i + 1) * rows) / places / 8)));
  for (const [i, place] of all.entries()) {
    const start = ends[i - 1] ?? 0;
    await place.start(ends[i]! - start);
    for (const [name, vector] of vectors) await place.give(name, slice(vector, start, ends[i]!));
  }
  const opened = new Map(
    vectors.map(([name, vector]) => [
      name,
      { summary: summarize(name, vector), categories: vector.categories, there: Promise.resolve() },
    ]),
  );
  return new MemoryEngine(frame, all, ends, opened);
}

/** Numbers with everything that can go wrong among them. */
export function messy(random: () => number, count: number): (number | null)[] {
  return Array.from({ length: count }, () => {
    const kind = random();
    if (kind < 0.05) return null;
    if (kind < 0.1) return NaN;
    if (kind < 0.13) return Infinity;
    if (kind < 0.16) return -Infinity;
    if (kind < 0.22) return 0;
    return kind < 0.6 ? Math.round(20 * (random() - 0.3)) : 10 ** (6 * (random() - 0.5)) * (random() < 0.2 ? -1 : 1);
  });
}
