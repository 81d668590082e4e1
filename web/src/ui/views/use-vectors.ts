import { useEffect, useState } from "preact/hooks";
import type { Vector } from "../../core/column";
import type { Engine } from "../../engine/engine";
import { take } from "../../engine/vectors";
import type { Hovered, Lens } from "../lens";

type Vectors = Readonly<Record<string, Vector>>;

/** What was fetched of each frame: small frames only, whose rows are drawn one by one. */
const known = new WeakMap<Engine, Map<string, Promise<Vector>>>();

/** Whole columns of a small frame; null of a crowd, and until they are there. */
export function useVectors(lens: Lens, names: readonly string[]): Vectors | null {
  const [found, setFound] = useState<{ readonly engine: Engine; readonly vectors: Vectors } | null>(null);
  const key = names.join("\n");
  const { engine } = lens;
  useEffect(() => {
    if (lens.crowd) return;
    let current = true;
    let columns = known.get(engine);
    if (!columns) known.set(engine, (columns = new Map()));
    for (const name of names)
      if (!columns.has(name))
        columns.set(
          name,
          engine.rows({ columns: [name] }).then((rows) => rows.columns[name]!),
        );
    void Promise.all(names.map(async (name) => [name, await columns.get(name)!] as const)).then(
      (all) => current && setFound({ engine, vectors: Object.fromEntries(all) }),
    );
    return () => void (current = false);
  }, [engine, key]);
  return found?.engine === engine && names.every((name) => Object.hasOwn(found.vectors, name)) ? found.vectors : null;
}

/** A row of a small frame as the other views take it up. */
export function takenUp(lens: Lens, row: number, vectors: Vectors, from: string): Hovered {
  const all = { ...Object.fromEntries(lens.exact.peek().vectors), ...vectors };
  const values = Object.entries(all).map(([name, vector]) => [name, take(vector, Uint32Array.of(row))]);
  return { row, from, values: Object.fromEntries(values) };
}

/** The value that the row under the pointer has in a column: of any view's, as far as it is known. */
export function hoveredVector(lens: Lens, name: string, vectors: Vectors | null): Vector | null {
  const hovered = lens.hovered.value;
  if (!hovered) return null;
  if (Object.hasOwn(hovered.values, name)) return hovered.values[name]!;
  const vector = vectors?.[name];
  return vector && hovered.row >= 0 && hovered.row < vector.values.length
    ? take(vector, Uint32Array.of(hovered.row))
    : null;
}
