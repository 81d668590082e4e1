import type { Vector } from "./column";
import { isPresent } from "./column";

/** What a row must hold in one column: one of these, any of them. See docs/protocol.md. */
export interface ColumnFilter {
  /** Closed ranges of finite values. */
  readonly ranges?: readonly (readonly [number, number])[];
  /** Categories by name. */
  readonly values?: readonly string[];
  /** Values that no range holds. */
  readonly special?: readonly Special[];
  /** Whether a row without a value passes. */
  readonly missing?: boolean;
}

export type Special = "nan" | "+inf" | "-inf";

/** An AND over columns; the empty object passes every row. */
export type ColumnFilters = Readonly<Record<string, ColumnFilter>>;

/** What was kept or thrown out, once and for all until it is undone. */
export interface Step {
  readonly action: "keep" | "exclude";
  readonly columns: ColumnFilters;
  readonly search?: string;
}

/** Which rows a question is about. */
export interface Filters {
  readonly columns: ColumnFilters;
  /** Applied before the rest, in order. */
  readonly steps?: readonly Step[];
  /** A text that one of the row's values contains, whatever the case. Empty passes every row. */
  readonly search?: string;
}

/** Passes every row. */
export const EVERYTHING: Filters = { columns: {} };

/** Whether filters pass every row by what they say, and not by chance. */
export function passesAll({ columns, steps, search }: Filters): boolean {
  return Object.keys(columns).length === 0 && !steps?.length && !search;
}

/** Whether filters select within what the steps left. */
export function narrows({ columns, search }: Filters): boolean {
  return Object.keys(columns).length > 0 || !!search;
}

/** The columns that filters ask. */
export function columnsOf({ columns, steps }: Filters): string[] {
  return [...new Set([columns, ...(steps ?? []).map((step) => step.columns)].flatMap((each) => Object.keys(each)))];
}

/** Turns one column's filter into a test of a row index. */
export function predicate(filter: ColumnFilter, vector: Vector): (row: number) => boolean {
  const ranges = filter.ranges ?? [];
  const special = new Set(filter.special ?? []);
  const names = new Set(filter.values ?? []);
  const codes =
    vector.categories && new Set([...vector.categories.keys()].filter((i) => names.has(vector.categories![i]!)));
  const { values } = vector;
  return (row) => {
    if (!isPresent(vector, row)) return filter.missing === true;
    const value = values[row]!;
    if (codes) return codes.has(value);
    if (Number.isNaN(value)) return special.has("nan");
    if (value === Infinity) return special.has("+inf");
    if (value === -Infinity) return special.has("-inf");
    for (const [low, high] of ranges) if (value >= low && value <= high) return true;
    return false;
  };
}
