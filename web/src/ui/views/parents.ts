import type { Vector } from "../../core/column";
import { isPresent } from "../../core/column";

/** The columns that tell who came from whom. */
export const [OWN, PARENT] = ["uid", "from_uid"];

/** For every row the row that it came from; −1 for none. */
export function parentsOf(own: Vector, parent: Vector): Int32Array {
  const text = (vector: Vector, row: number) =>
    isPresent(vector, row) ? (vector.categories?.[vector.values[row]!] ?? String(vector.values[row]!)) : null;
  const rows = new Map<string, number>();
  for (let row = 0; row < own.values.length; row++) {
    const name = text(own, row);
    if (name !== null) rows.set(name, row);
  }
  return Int32Array.from({ length: own.values.length }, (_, row) => {
    const name = text(parent, row);
    const found = name === null ? undefined : rows.get(name);
    return found === undefined || found === row ? -1 : found;
  });
}
