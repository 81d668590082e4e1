/**
 * The numbers from 0 to `count` − 1 in random order, the same on every call: any prefix is a fair sample.
 *
 * Fisher and Yates' shuffle over mulberry32.
 */
export function shuffled(count: number): Uint32Array {
  const order = new Uint32Array(count);
  let state = 0x9e3779b9;
  for (let i = 0; i < count; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    const j = Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * (i + 1));
    order[i] = order[j]!;
    order[j] = i;
  }
  return order;
}
