/** `items` with the one at `from` moved to stand at `to`. */
export function move<T>(items: readonly T[], from: number, to: number): T[] {
  const moved = [...items];
  const [item] = moved.splice(from, 1);
  if (item !== undefined) moved.splice(to, 0, item);
  return moved;
}

/** The place among evenly spaced slots that `x` is nearest to. */
export function nearestSlot(x: number, first: number, spacing: number, count: number): number {
  if (spacing <= 0) return 0;
  return Math.min(count - 1, Math.max(0, Math.round((x - first) / spacing)));
}
