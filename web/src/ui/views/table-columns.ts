import type { CSSProperties } from "preact";
import { fullLabel } from "../../core/format";
import type { Lens } from "../lens";
import type { Sort, TableChoice } from "./state";

/** The strip at the left that carries a row's colour. */
export const STRIP = 16;

/** A column and where it stands, in CSS pixels from the left end of a row. */
export interface PlacedColumn {
  readonly name: string;
  /** Its place among all columns. */
  readonly index: number;
  readonly left: number;
  readonly width: number;
  readonly pinned: boolean;
}

/**
 * The columns in the order they stand in: pinned ones first, then as a hand has put them, and those that no hand has moved
 * as they come.
 *
 * @param names All there are, in the order they come.
 */
export function columnOrder(names: readonly string[], { order, pinned }: TableChoice): string[] {
  const known = new Set(names);
  const kept = order.filter((name) => known.has(name));
  const placed = new Set(kept);
  const all = kept.length ? [...kept, ...names.filter((name) => !placed.has(name))] : names;
  const first = pinned.filter((name) => known.has(name));
  return [...first, ...all.filter((name) => !first.includes(name))];
}

/** Lays columns side by side; where there is room left over, all share it. */
export function placeColumns(
  names: readonly string[],
  widths: readonly number[],
  pinned: readonly string[],
  room: number,
): PlacedColumn[] {
  const least = widths.reduce((sum, width) => sum + width, STRIP);
  const more = names.length ? Math.max(0, room - least) / names.length : 0;
  let left = STRIP;
  return names.map((name, i) => {
    const width = widths[i]! + more;
    left += width;
    return { name, index: i, left: left - width, width, pinned: pinned.includes(name) };
  });
}

/** The columns that are pinned or lie between two places. */
export function inSight(columns: readonly PlacedColumn[], from: number, to: number): PlacedColumn[] {
  return columns.filter(({ left, width, pinned }) => pinned || (left + width >= from && left <= to));
}

/** How wide a column is at least: its name, its sort mark and what it holds. */
export function widthOf(lens: Lens, name: string): number {
  const info = lens.info(name);
  const label = fullLabel(info).length * 7.2 + 46;
  const content = info.kind === "time" ? 190 : info.kind === "category" ? 140 : 96;
  return Math.round(Math.min(260, Math.max(label, content)));
}

/**
 * What a press on a column's name makes of the order: up, down, none. Alone it sorts by this column only; added, it keeps what
 * the rows were sorted by and lets this column decide between equal ones.
 */
export function nextSort(sort: readonly Sort[], column: string, added: boolean): Sort[] {
  const at = sort.findIndex((each) => each.column === column);
  const now = sort[at];
  const next = !now ? { column, descending: false } : now.descending ? null : { column, descending: true };
  if (!added)
    return next && (sort.length === 1 || !now) ? [next] : sort.length > 1 ? [{ column, descending: false }] : [];
  if (!next) return sort.toSpliced(at, 1);
  return at < 0 ? [...sort, next] : sort.with(at, next);
}

/** How a cell looks: numbers at the right, pinned columns above the others. */
export function cellClass(lens: Lens, { name, pinned }: PlacedColumn): string {
  return `${lens.info(name).kind === "number" ? "ut-number" : ""} ${pinned ? "ut-pinned" : ""}`.trim();
}

/** Where a cell stands behind the one before it. */
export function cellStyle(columns: readonly PlacedColumn[], i: number): CSSProperties {
  const { left, width, pinned } = columns[i]!;
  const before = columns[i - 1];
  const gap = left - (before ? before.left + before.width : STRIP);
  return { width: `${width}px`, marginLeft: `${gap}px`, ...(pinned ? { left: `${left}px` } : {}) };
}
