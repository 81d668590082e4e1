import type { ColumnInfo } from "./column";

/** Which columns stand for which: a folded group, its members, and groups within groups. */
export class Folds {
  /** Columns that only say how far a group spreads. */
  readonly auxiliary: ReadonlySet<string>;
  readonly #parents = new Map<string, string>();
  readonly #children = new Map<string, string[]>();

  constructor(columns: readonly ColumnInfo[]) {
    const folded = columns.filter((column) => column.fold);
    this.auxiliary = new Set(folded.flatMap(({ fold }) => [fold!.low, fold!.high]));
    const known = new Map(folded.map(({ name, share, fold }) => [`${share}\n${fold!.path}`, name]));
    for (const { name, share, group, fold } of columns) {
      if (this.auxiliary.has(name) || !share) continue;
      // Outwards along the path, up to the first group that has a column of its own.
      for (let path = outer(fold?.path ?? group); path; path = outer(path)) {
        const parent = known.get(`${share}\n${path}`);
        if (!parent) continue;
        this.#parents.set(name, parent);
        this.#children.set(parent, [...(this.#children.get(parent) ?? []), name]);
        break;
      }
    }
  }

  /** Whether a column stands for others. */
  has(name: string): boolean {
    return this.#children.has(name);
  }

  /** The group that a column lies in, by the column that stands for it; null where it lies in none. */
  parent(name: string): string | null {
    return this.#parents.get(name) ?? null;
  }

  /** The groups that a column lies in, the innermost first. */
  parents(name: string): string[] {
    const found: string[] = [];
    for (let at = this.parent(name); at !== null; at = this.parent(at)) found.push(at);
    return found;
  }

  /** What a column stands for, one level down. */
  children(name: string): readonly string[] {
    return this.#children.get(name) ?? [];
  }

  /** How many columns it stands for in the end. */
  size(name: string): number {
    return this.children(name).reduce((sum, child) => sum + (this.has(child) ? this.size(child) : 1), 0);
  }

  /** The axes with what a column stands for in its place. */
  unfold(axes: readonly string[], name: string): string[] {
    const there = new Set(axes);
    return axes.flatMap((axis) => (axis === name ? this.children(name).filter((child) => !there.has(child)) : [axis]));
  }

  /** The axes with a column in the place of all that it stands for, on whatever level. */
  fold(axes: readonly string[], name: string): string[] {
    const within = (axis: string) => axis === name || this.parents(axis).includes(name);
    const first = axes.findIndex(within);
    if (first < 0) return [...axes];
    return axes.flatMap((axis, i) => (i === first ? [name] : within(axis) ? [] : [axis]));
  }
}

/** What is left of a name where the group that it lies in is named already: `mlp` of `h.3.mlp`, but `h.3` of `h.3`. */
export function within(label: string, group: string): string {
  if (!label.startsWith(group) || !/[./]/.test(label[group.length] ?? "")) return label;
  const rest = label.slice(group.length + 1);
  // A number alone says nothing.
  return /^\d+$/.test(rest) ? label.slice(outer(group).length && outer(group).length + 1) : rest;
}

/** A module path without its last part; "" where nothing is left. */
function outer(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("."), path.lastIndexOf("/")));
}
