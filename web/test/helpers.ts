import type { ColumnInfo, Kind, Vector } from "../src/core/column";
import type { FrameInfo } from "../src/engine/engine";
import { MemoryEngine } from "../src/engine/memory";

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
export function names(values: readonly (string | null)[]): Vector {
  const categories = [...new Set(values.filter((value) => value !== null))];
  const coded = numbers(values.map((value) => (value === null ? null : categories.indexOf(value))));
  return { values: Uint16Array.from(coded.values), valid: coded.valid, categories };
}

export function engineOf(columns: Record<string, Vector>): MemoryEngine {
  const infos = Object.entries(columns).map(([name, vector]) => info(name, vector.categories ? "category" : "number"));
  const frame: FrameInfo = {
    lens: "rows",
    label: "Rows",
    note: "",
    rows: Object.values(columns)[0]?.values.length ?? 0,
    axes: Object.keys(columns),
    color: null,
    presets: [],
    columns: infos,
  };
  return new MemoryEngine(frame, Object.values(columns));
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
