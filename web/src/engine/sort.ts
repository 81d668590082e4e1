/**
 * The order that sorts doubles: a radix sort over their bits, 16 at a time. Stable; NaN last whichever the direction.
 *
 * @returns Places in `keys`.
 */
export function argsort(keys: Float64Array, descending: boolean): Uint32Array {
  const count = keys.length;
  const words = new Uint32Array(keys.buffer.slice(keys.byteOffset, keys.byteOffset + 8 * count));
  for (let i = 0; i < count; i++) {
    const value = keys[i]!;
    let [low, high] = [words[2 * i]!, words[2 * i + 1]!];
    if (value === 0) [low, high] = [0, 0]; // −0 equals 0
    // Order-preserving bits: negative numbers wholly turned, positive ones moved above them.
    if (high & 0x80000000) [low, high] = [~low, ~high];
    else high |= 0x80000000;
    if (descending) [low, high] = [~low, ~high];
    if (Number.isNaN(value)) [low, high] = [0xffffffff, 0xffffffff];
    words[2 * i] = low;
    words[2 * i + 1] = high;
  }
  let order = Uint32Array.from({ length: count }, (_, i) => i);
  let other = new Uint32Array(count);
  const starts = new Uint32Array(65_537);
  for (const [word, shift] of [
    [0, 0],
    [0, 16],
    [1, 0],
    [1, 16],
  ] as const) {
    starts.fill(0);
    for (let i = 0; i < count; i++) starts[((words[2 * i + word]! >>> shift) & 0xffff) + 1]!++;
    if (starts.includes(count)) continue; // all alike in these bits
    for (let k = 1; k < starts.length; k++) starts[k]! += starts[k - 1]!;
    for (let i = 0; i < count; i++) {
      const at = order[i]!;
      other[starts[(words[2 * at + word]! >>> shift) & 0xffff]!++] = at;
    }
    [order, other] = [other, order];
  }
  return order;
}

/** What rows are sorted by, in the order of their numbers and in parts. */
export interface SortKeys {
  readonly keys: readonly Float64Array[];
  readonly descending: boolean;
}

/**
 * Row numbers sorted by several keys: the first decides, those after it between equal ones, at last the numbers themselves.
 *
 * @param ids The row numbers, ascending, in the same parts as the keys.
 */
export function arrange(ids: readonly Uint32Array[], by: readonly SortKeys[]): Uint32Array {
  const all = joined(ids, Uint32Array);
  let order: Uint32Array | null = null;
  // Stable from the last key to the first.
  for (const { keys, descending } of [...by].reverse()) {
    const whole = joined(keys, Float64Array);
    order = order ? picked(order, argsort(picked(whole, order), descending)) : argsort(whole, descending);
  }
  return order ? picked(all, order) : all;
}

function picked<T extends Float64Array | Uint32Array>(values: T, places: Uint32Array): T {
  const out = new (values.constructor as new (length: number) => T)(places.length);
  for (let i = 0; i < places.length; i++) out[i] = values[places[i]!]!;
  return out;
}

/** Parts one after another. */
export function joined<T extends Float64Array | Uint32Array>(
  parts: readonly T[],
  Values: new (length: number) => T,
): T {
  const all = new Values(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
