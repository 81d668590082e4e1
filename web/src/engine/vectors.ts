import type { Vector } from "../core/column";
import { isPresent } from "../core/column";

/** A vector of some rows, in the order of their numbers. */
export function take(vector: Vector, ids: Uint32Array): Vector {
  const Values = vector.values.constructor as new (length: number) => Vector["values"];
  const values = new Values(ids.length);
  const valid = vector.valid && new Uint8Array((ids.length + 7) >> 3);
  const exact = vector.exact && new BigInt64Array(ids.length);
  ids.forEach((row, i) => {
    values[i] = vector.values[row]!;
    if (valid && isPresent(vector, row)) valid[i >> 3]! |= 1 << (i & 7);
    if (exact) exact[i] = vector.exact![row]!;
  });
  return { values, valid, categories: vector.categories, ...(exact ? { exact } : {}) };
}

/** The rows from `from` up to `to`, copied; `from` is a multiple of 8. */
export function slice(vector: Vector, from: number, to: number): Vector {
  return {
    values: vector.values.slice(from, to),
    valid: vector.valid && vector.valid.slice(from >> 3, (to + 7) >> 3),
    categories: vector.categories,
    ...(vector.exact ? { exact: vector.exact.slice(from, to) } : {}),
  };
}

/** Vectors one after another. */
export function join(parts: readonly Vector[]): Vector {
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  const rows = parts.reduce((sum, part) => sum + part.values.length, 0);
  const Values = first!.values.constructor as new (length: number) => Vector["values"];
  const values = new Values(rows);
  const valid = parts.some((part) => part.valid) ? new Uint8Array((rows + 7) >> 3) : null;
  const exact = first!.exact && new BigInt64Array(rows);
  let at = 0;
  for (const part of parts) {
    values.set(part.values as never, at);
    if (exact) exact.set(part.exact!, at);
    if (valid)
      for (let i = 0; i < part.values.length; i++) if (isPresent(part, i)) valid[(at + i) >> 3]! |= 1 << ((at + i) & 7);
    at += part.values.length;
  }
  return { values, valid, categories: first!.categories, ...(exact ? { exact } : {}) };
}

/** The buffers of a vector, to hand over rather than to copy. */
export function buffersOf(vector: Vector): ArrayBuffer[] {
  return [vector.values.buffer, vector.valid?.buffer, vector.exact?.buffer].filter(
    (buffer) => buffer !== undefined,
  ) as ArrayBuffer[];
}
