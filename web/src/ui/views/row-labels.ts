import type { Tick } from "../../core/scale";

/** Pixels of a line of text, and the most letters of a label: a path is told by its end. */
const [LINE, LETTERS] = [13.5, 26];
/** Pixels that a module has at least on the average, so that every fourth can be named. */
const LEAST = 3.4;

/**
 * Names for rows that stand close: each its own where there is room, else the modules that rows belong to, as deep as there
 * is room for. Rows of one module stand together.
 *
 * @param names Module paths from head to foot: `transformer.h.3.attn`.
 * @param length Pixels from head to foot.
 */
export function rowTicks(names: readonly string[], length: number): Tick[] {
  const height = length / names.length;
  const middle = (from: number, to: number) => 1 - (from + to) / 2 / names.length;
  if (height >= LINE) return names.map((name, i) => ({ value: i, position: middle(i, i + 1), label: ending(name) }));
  const paths = names.map((name) => name.split(/[./]/));
  const deepest = Math.max(1, ...paths.map((path) => path.length - 1));
  // All named if that can be, else every fourth or so.
  for (const least of [LINE, LEAST])
    for (let depth = deepest; depth > 1; depth--) {
      const groups = groupsOf(paths, depth);
      // A part that tells no two groups apart says nothing.
      if (groups.length * least <= length && groupsOf(paths, depth - 1).length < groups.length)
        return labelled(groups, paths, depth, names.length, height);
    }
  return labelled(groupsOf(paths, 1), paths, 1, names.length, height);
}

/** Runs of rows with the same first parts, as [from, to). */
function groupsOf(paths: readonly (readonly string[])[], depth: number): [number, number][] {
  const prefix = (path: readonly string[]) => path.slice(0, depth).join(".");
  const groups: [number, number][] = [];
  paths.forEach((path, i) => {
    const last = groups.at(-1);
    if (last && prefix(paths[last[0]]!) === prefix(path)) last[1] = i + 1;
    else groups.push([i, i + 1]);
  });
  return groups;
}

/** A mark where a group begins, and its name in its middle; those without room go unnamed, the tall ones first. */
function labelled(
  groups: readonly [number, number][],
  paths: readonly (readonly string[])[],
  depth: number,
  count: number,
  height: number,
): Tick[] {
  const taken: number[] = [];
  const named = new Map<number, Tick>();
  for (const [from, to] of [...groups].sort((a, b) => b[1] - b[0] - (a[1] - a[0]))) {
    const at = ((from + to) / 2) * height;
    if (taken.some((other) => Math.abs(other - at) < LINE)) continue;
    taken.push(at);
    const path = paths[from]!;
    const label = ending(to - from === 1 ? path.join(".") : path.slice(0, depth).join("."));
    named.set(from, { value: from, position: 1 - (from + to) / 2 / count, label });
  }
  return groups.flatMap(([from]) => [
    ...(from > 0 ? [{ value: from, position: 1 - from / count, label: "" }] : []),
    ...(named.has(from) ? [named.get(from)!] : []),
  ]);
}

/** The end of a path that fits, from where a part begins. */
function ending(name: string): string {
  if (name.length <= LETTERS) return name;
  const end = name.slice(1 - LETTERS);
  const part = end.search(/[./]/);
  return `…${part >= 0 && part < end.length - 1 ? end.slice(part + 1) : end}`;
}
