import type { Summary, Values, Vector } from "../core/column";
import { FINE_BINS } from "../core/edges";
import { summarize } from "./summary";
import { argsort, joined } from "./sort";
import { slice } from "./vectors";

const ARRAYS = {
  f64: Float64Array,
  f32: Float32Array,
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
} as const;
export type StoredType = keyof typeof ARRAYS | "i64";

/** A column as the page holds it: where its bytes are within an inflated block, and what they mean. */
export interface StoredColumn {
  readonly name: string;
  readonly type: StoredType;
  readonly offset: number;
  readonly length: number;
  readonly planes: boolean;
  readonly valid: { readonly offset: number } | null;
  readonly categories: readonly string[] | null;
  /** Whether the page says what the column holds, so that its values need not be gone through for that. */
  readonly described: boolean;
}

/** A zlib stream, or the base85 text of one and how many of the bytes in it are the stream's. */
export interface Block {
  readonly text: string | Uint8Array<ArrayBuffer>;
  readonly size: number;
}

export interface OpenedColumn {
  readonly summary: Summary | null;
  /** The rows' values, one vector a share. */
  readonly shares: readonly Vector[];
}

/**
 * Decodes the columns of one block, describes each, and cuts them into shares of rows.
 *
 * @param shares Where each share ends, in rows; all but the last multiples of 8.
 */
export async function openColumn(
  block: Block,
  columns: readonly StoredColumn[],
  shares: readonly number[],
): Promise<OpenedColumn[]> {
  const bytes = await inflate(typeof block.text === "string" ? decode85(block.text, block.size) : block.text);
  return columns.map((column) => {
    const vector = vectorOf(column, bytes);
    return {
      summary: column.described ? null : summarize(column.name, vector),
      shares: shares.map((to, i) => slice(vector, i === 0 ? 0 : shares[i - 1]!, to)),
    };
  });
}

/**
 * The `FINE_BINS + 1` percentile edges of a column: of the n finite keys sorted, the one at ⌊n · k / bins⌋, the largest last.
 *
 * @param keys The column's values in parts; NaN where there is no finite one.
 */
export function percentiles(keys: readonly Float64Array[]): Float64Array {
  const all = joined(keys, Float64Array);
  const order = argsort(all, false);
  let count = all.length;
  while (count > 0 && Number.isNaN(all[order[count - 1]!]!)) count--;
  return Float64Array.from(
    { length: FINE_BINS + 1 },
    (_, k) => all[order[Math.min(count - 1, Math.floor((count * k) / FINE_BINS))]!] ?? NaN,
  );
}

/** A column's values out of its inflated block. */
export function vectorOf(column: StoredColumn, bytes: ArrayBuffer): Vector {
  const valid = column.valid && new Uint8Array(bytes, column.valid.offset, (column.length + 7) >> 3);
  if (column.type === "i64") {
    const exact = new BigInt64Array(bytes, column.offset, column.length);
    return { values: Float64Array.from(exact, Number), valid, categories: null, exact };
  }
  const Values = ARRAYS[column.type];
  const width = Values.BYTES_PER_ELEMENT;
  let values: Values = new Values(bytes, column.offset, column.length);
  if (column.planes) {
    const planes = new Uint8Array(bytes, column.offset, column.length * width);
    const whole = new Uint8Array(column.length * width);
    for (let byte = 0; byte < width; byte++)
      for (let i = 0, from = byte * column.length, to = byte; i < column.length; i++, to += width)
        whole[to] = planes[from + i]!;
    values = new Values(whole.buffer);
  }
  return { values, valid, categories: column.categories };
}

/** The printable ASCII characters from `!` on without those that HTML could take for its own; 85 of them. */
export const DIGITS = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i))
  .filter((digit) => !"\"&'<>`".includes(digit))
  .slice(0, 85)
  .join("");

/** Five digits are four bytes, the most significant first. */
function decode85(text: string, size: number): Uint8Array<ArrayBuffer> {
  const digits = new Uint8Array(256);
  [...DIGITS].forEach((digit, value) => (digits[digit.charCodeAt(0)] = value));
  const ascii = new TextEncoder().encode(text);
  const groups = Math.ceil(size / 4);
  const bytes = new Uint8Array(4 * groups);
  for (let from = 0, to = 0; to < bytes.length; from += 5, to += 4) {
    // The upper three digits stay within 31 bits, so that most of the sum is whole-number arithmetic.
    const upper = (digits[ascii[from]!]! * 85 + digits[ascii[from + 1]!]!) * 85 + digits[ascii[from + 2]!]!;
    const number = upper * 7225 + digits[ascii[from + 3]!]! * 85 + digits[ascii[from + 4]!]!;
    bytes[to] = number >>> 24;
    bytes[to + 1] = number >>> 16;
    bytes[to + 2] = number >>> 8;
    bytes[to + 3] = number;
  }
  return bytes.subarray(0, size);
}

/** The bytes of a zlib stream. */
export async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}
