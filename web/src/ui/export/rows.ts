import { parquetWriteBuffer } from "hyparquet-writer";
import type { ColumnInfo, Vector } from "../../core/column";
import { isPresent } from "../../core/column";
import type { Filters } from "../../core/filter";
import type { Engine } from "../../engine/engine";

/** Rows that are asked for at a time. */
const PAGE = 50_000;
/** Beyond so many values a table is not put together in a page. */
export const MOST_VALUES = 50_000_000;

/** The selected rows as CSV after RFC 4180, numbers with every digit, times in UTC; a missing value is empty. */
export async function csv(engine: Engine, columns: readonly ColumnInfo[], filters: Filters): Promise<Blob> {
  const parts = [`${columns.map(({ name }) => quoted(name)).join(",")}\r\n`];
  for await (const { ids, vectors } of pages(engine, columns, filters)) {
    const lines: string[] = [];
    for (let row = 0; row < ids; row++)
      lines.push(`${vectors.map((vector, i) => cell(columns[i]!, vector, row)).join(",")}\r\n`);
    parts.push(lines.join(""));
  }
  return new Blob(parts, { type: "text/csv" });
}

/** The selected rows as Parquet: doubles, 64-bit integers, texts and timestamps, null where a value is missing. */
export async function parquet(engine: Engine, columns: readonly ColumnInfo[], filters: Filters): Promise<Blob> {
  const data: unknown[][] = columns.map(() => []);
  const exact = columns.map(() => false);
  for await (const { ids, vectors } of pages(engine, columns, filters))
    vectors.forEach((vector, i) => {
      exact[i] ||= vector.exact !== undefined;
      for (let row = 0; row < ids; row++) data[i]!.push(value(columns[i]!, vector, row));
    });
  const columnData = columns.map(({ name, kind }, i) => {
    const whole = exact[i] ? data[i]!.map((each) => (typeof each === "number" ? BigInt(each) : each)) : data[i]!;
    const type =
      kind === "category" ? "STRING" : kind === "time" ? "TIMESTAMP" : exact[i] ? "INT64" : ("DOUBLE" as const);
    // Of floats no statistics: DuckDB takes their least and largest at their word and finds no NaN.
    return { name, data: whole, type: type as "STRING", nullable: true };
  });
  return new Blob([parquetWriteBuffer({ columnData, statistics: false })], { type: "application/vnd.apache.parquet" });
}

interface PageOfRows {
  readonly ids: number;
  readonly vectors: readonly Vector[];
}

async function* pages(engine: Engine, columns: readonly ColumnInfo[], filters: Filters): AsyncGenerator<PageOfRows> {
  const names = columns.map(({ name }) => name);
  for (let offset = 0, total = Infinity; offset < total; offset += PAGE) {
    const page = await engine.rows({ columns: names, filters, offset, limit: PAGE });
    total = page.total;
    yield { ids: page.ids.length, vectors: names.map((name) => page.columns[name]!) };
  }
}

function value({ kind }: ColumnInfo, vector: Vector, row: number): unknown {
  if (!isPresent(vector, row)) return null;
  const found = vector.values[row]!;
  if (vector.categories) return vector.categories[found]!;
  if (vector.exact) return vector.exact[row]!;
  return kind === "time" ? new Date(found) : found;
}

function cell(info: ColumnInfo, vector: Vector, row: number): string {
  const found = value(info, vector, row);
  if (found === null) return "";
  if (typeof found === "string") return quoted(found);
  if (found instanceof Date) return Number.isNaN(found.getTime()) ? "" : found.toISOString();
  if (typeof found === "number" && !Number.isFinite(found))
    return Number.isNaN(found) ? "NaN" : found > 0 ? "inf" : "-inf";
  return Object.is(found, -0) ? "-0" : String(found);
}

function quoted(text: string): string {
  // An empty text is not a missing one.
  return /[",\r\n]/.test(text) || text === "" || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text;
}
