import type { ColumnInfo, Values, Vector } from "../core/column";
import type { Document, Finding, FrameInfo } from "./engine";
import { MemoryEngine } from "./memory";

/** The newest container this page can read (docs/protocol.md). */
const VERSION = 1;

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

interface StoredColumn extends ColumnInfo {
  readonly type: keyof typeof ARRAYS | "i64";
  readonly offset: number;
  readonly length: number;
  readonly valid: { readonly offset: number } | null;
  readonly categories: readonly string[] | null;
}

interface Header {
  readonly version: number;
  readonly title: string;
  readonly subtitle: string;
  readonly theme: Document["theme"];
  readonly frames: readonly (Omit<FrameInfo, "columns"> & { readonly columns: readonly StoredColumn[] })[];
  readonly findings: readonly Finding[];
}

/**
 * Opens what Python wrote into the page.
 *
 * @param header The text of `#undertow-header`.
 * @param body The text of `#undertow-body`.
 * @throws Error that says what is wrong, if the page was written by a newer Undertow or is damaged.
 */
export async function openContainer(header: string, body: string): Promise<Document> {
  const parsed = JSON.parse(header) as Header;
  if (parsed.version > VERSION)
    throw new Error(
      `This page was written by a newer Undertow (container ${parsed.version}, this one reads ${VERSION}).`,
    );
  const bytes = await inflate(decodeBase64(body.trim()));
  return {
    title: parsed.title,
    subtitle: parsed.subtitle,
    theme: parsed.theme,
    engines: parsed.frames.map(
      (frame) =>
        new MemoryEngine(
          frame,
          frame.columns.map((column) => vector(column, bytes)),
        ),
    ),
    findings: parsed.findings,
  };
}

function vector(column: StoredColumn, bytes: ArrayBuffer): Vector {
  const valid = column.valid && new Uint8Array(bytes, column.valid.offset, (column.length + 7) >> 3);
  if (column.type === "i64") {
    const exact = new BigInt64Array(bytes, column.offset, column.length);
    return { values: Float64Array.from(exact, Number), valid, categories: null, exact };
  }
  const values: Values = new ARRAYS[column.type](bytes, column.offset, column.length);
  return { values, valid, categories: column.categories };
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> }).fromBase64;
  if (native) return native(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}
