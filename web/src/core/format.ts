import { format } from "d3-format";
import type { ColumnInfo, Vector } from "./column";
import { isPresent } from "./column";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const formats = new Map<string, (value: number) => string>();

function formatted(specifier: string, value: number): string {
  let known = formats.get(specifier);
  if (!known) formats.set(specifier, (known = format(specifier)));
  return known(value);
}

/**
 * A number as a person reads it, to four significant digits: 0.0421, 12,340, 3.2×10⁻⁷, NaN, −∞. Four digits before the
 * point stand together, so that 2024 may be a year.
 *
 * @param digits Significant digits, where four do not tell neighbours apart.
 */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+∞" : "−∞";
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (Number.isInteger(value) && size < 1e7) return formatWhole(value);
  if (size >= 1e-3 && size < 1e6) return formatted(`${size < 9999.5 ? "" : ","}.${digits}~r`, value).replace("-", "−");
  const [mantissa, exponent] = formatted(`.${digits - 1}~e`, value)
    .replace("−", "-")
    .split("e") as [string, string];
  return `${mantissa.replace("-", "−")}×${powerOfTen(Number(exponent))}`;
}

/** How many significant digits tell the values of a column apart that lie between two ends. */
export function digitsWithin(low: number, high: number): number {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return 4;
  const needed = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high)) / span)) + 3;
  return Math.min(15, Math.max(4, needed));
}

const THOUSANDS = ["", "k", "M", "G", "T"];

/** A number where there is hardly room: 1.2e−5, 3.4k, 12M. No letter makes one smaller: 10m is read as ten million. */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || !Number.isFinite(value)) return formatNumber(value);
  const sign = value < 0 ? "−" : "";
  // 999.95 is 1.00k: rounded first, then put in its class.
  const rounded = Number(size.toPrecision(3));
  const power = Math.floor(Math.log10(rounded) / 3 + 1e-9);
  if (rounded < 1e-2 || power >= THOUSANDS.length)
    return sign + formatted(".1~e", size).replace("e+", "e").replace(/e[-−]/, "e−");
  return `${sign}${Number((rounded / 1000 ** Math.max(0, power)).toPrecision(3))}${THOUSANDS[Math.max(0, power)]!}`;
}

const plainWhole = new Intl.NumberFormat("en-US", { useGrouping: false });
const groupedWhole = new Intl.NumberFormat("en-US");

/** A whole number with every digit: 2024, 1,700,000,001. */
export function formatWhole(value: number | bigint): string {
  const digits = (value > -10_000 && value < 10_000 ? plainWhole : groupedWhole).format(value);
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

/**
 * One value of a column, in words; "" where it is missing.
 *
 * @param digits See `formatNumber`.
 */
export function formatValue(info: ColumnInfo, vector: Vector, row: number, digits = 4): string {
  if (!isPresent(vector, row)) return "";
  if (vector.exact) return formatWhole(vector.exact[row]!);
  const value = vector.values[row]!;
  if (info.kind === "category") return vector.categories?.[value] ?? "";
  if (info.kind === "time") return formatTime(value);
  // Seeds and counts are told apart by their last digits.
  return Number.isSafeInteger(value) && value !== 0 ? formatWhole(value) : formatNumber(value, digits);
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
