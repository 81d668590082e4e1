import { format } from "d3-format";
import type { ColumnInfo, Vector } from "./column";
import { isPresent } from "./column";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const plain = format(".4~r");
const grouped = format(",.4~r");
const scientific = format(".3~e");

/**
 * A number as a person reads it, to four significant digits: 0.0421, 12,340, 3.2×10⁻⁷, NaN, −∞. Four digits before the
 * point stand together, so that 2024 may be a year.
 */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+∞" : "−∞";
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (Number.isInteger(value) && size < 1e7) return formatWhole(value);
  if (size >= 1e-3 && size < 1e6) return (size < 9999.5 ? plain : grouped)(value).replace("-", "−");
  const [mantissa, exponent] = scientific(value).replace("−", "-").split("e") as [string, string];
  return `${mantissa.replace("-", "−")}×${powerOfTen(Number(exponent))}`;
}

/** A whole number with every digit: 2024, 1,700,000,001. */
export function formatWhole(value: number | bigint): string {
  const digits = value.toLocaleString("en-US", { useGrouping: !(value > -10_000 && value < 10_000) });
  return digits.replace("-", "−");
}

/** 10ⁿ with a raised exponent: 10⁻⁵. */
export function powerOfTen(exponent: number): string {
  const digits = String(Math.abs(exponent)).replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]!);
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/** A whole count with thousands separated: 10,000,000. */
export function formatCount(count: number): string {
  return format(",d")(count);
}

/** An instant (milliseconds since 1970, UTC) as 2026-11-24 08:05:12, without what is zero at its end. */
export function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return formatNumber(milliseconds);
  return date
    .toISOString()
    .replace("T", " ")
    .replace(/(\.000)?Z$/, "")
    .replace(/ 00:00:00$/, "");
}

/** One value of a column, in words; "" where it is missing. */
export function formatValue(info: ColumnInfo, vector: Vector, row: number): string {
  if (!isPresent(vector, row)) return "";
  if (vector.exact) return formatWhole(vector.exact[row]!);
  const value = vector.values[row]!;
  if (info.kind === "category") return vector.categories?.[value] ?? "";
  if (info.kind === "time") return formatTime(value);
  // Seeds and counts are told apart by their last digits.
  return Number.isSafeInteger(value) && value !== 0 ? formatWhole(value) : formatNumber(value);
}

/** One value of a column to its last digit, as a program reads it; "" where it is missing. */
export function exactValue(info: ColumnInfo, vector: Vector, row: number): string {
  const value = vector.values[row]!;
  if (info.kind !== "number" || !isPresent(vector, row) || !Number.isFinite(value))
    return formatValue(info, vector, row);
  return String(vector.exact ? vector.exact[row]! : value);
}

/** A column's name where it stands alone, with its unit: "val_mae ($1000)". */
export function fullLabel(info: ColumnInfo): string {
  const label = info.label || info.name;
  return info.unit ? `${label} (${info.unit})` : label;
}
