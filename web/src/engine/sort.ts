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
