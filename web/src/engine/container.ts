import type { ColumnInfo } from "../core/column";
import type { OpenedColumn, StoredColumn } from "./column-data";
import type { Document, Engine, Finding, FrameInfo } from "./engine";
import type { Place } from "./handle";
import { LocalPlace } from "./handle";
import type { Opened } from "./memory";
import { MemoryEngine } from "./memory";

/** The newest container this page can read (docs/protocol.md). */
const VERSION = 2;
/** Frames of fewer rows are kept in the page's own thread: a worker would cost more than it takes off. */
const FEW_ROWS = 20_000;

export interface HeaderColumn extends ColumnInfo, StoredColumn {
  readonly block: number;
  readonly valid: { readonly block: number; readonly offset: number } | null;
}

/** A frame as the header has it; `remote` where its values stay with whoever wrote it. */
export interface HeaderFrame extends Omit<FrameInfo, "columns"> {
  readonly columns: readonly HeaderColumn[];
  readonly remote?: boolean;
  /** Where only what is new is in the container: stretches of rows, by the row that each began with before; −1 for new. */
  readonly kept?: { readonly starts: PlacedArray; readonly lengths: PlacedArray };
}

/** An array within the blocks. */
export type PlacedArray = Omit<StoredColumn, "name" | "categories"> & { readonly block: number };

export interface Header {
  readonly version: number;
  readonly blocks: readonly { readonly size: number; readonly length: number }[];
  readonly title: string;
  readonly subtitle: string;
  readonly theme: Document["theme"];
  readonly frames: readonly HeaderFrame[];
  readonly findings: readonly Finding[];
}

/** Hands out a block's text or bytes, once: what is decoded need not lie in the page a second time. */
export type TakeBlock = (block: number) => string | Uint8Array<ArrayBuffer> | Promise<string>;

/**
 * Opens what Python wrote into the page.
 *
 * @param text The text of `#undertow-header`.
 * @param workers Makes the places for a frame of many rows; none where workers are not to be had.
 * @throws Error that says what is wrong, if the page was written by a newer Undertow or is damaged.
 */
export async function openContainer(
  text: string,
  takeBlock: TakeBlock,
  workers: () => readonly Place[] = () => [],
): Promise<Document> {
  return openHeader(JSON.parse(text) as Header, takeBlock, workers);
}

/**
 * The same of a header that is read already.
 *
 * @param remote Makes the engine of a frame whose values are not in the container.
 * @param grown Makes the engine of a frame of which it holds only what is new.
 */
export async function openHeader(
  header: Header,
  takeBlock: TakeBlock,
  workers: () => readonly Place[],
  remote?: (frame: FrameInfo) => Engine,
  grown?: (frame: HeaderFrame, places: readonly Place[]) => Promise<Engine>,
): Promise<Document> {
  if (header.version > VERSION)
    throw new Error(
      `This page was written by a newer Undertow (container ${header.version}, this one reads ${VERSION}).`,
    );
  const engines: Engine[] = [];
  for (const frame of header.frames) {
    if (frame.remote && remote) {
      engines.push(remote(frame));
      continue;
    }
    const many = frame.rows > FEW_ROWS ? workers() : [];
    const places = many.length ? many : [new LocalPlace()];
    if (frame.kept && grown) engines.push(await grown(frame, places));
    else engines.push(await openFrame(frame, header.blocks, takeBlock, places));
  }
  return { title: header.title, subtitle: header.subtitle, theme: header.theme, engines, findings: header.findings };
}

async function openFrame(
  frame: HeaderFrame,
  blocks: Header["blocks"],
  takeBlock: TakeBlock,
  places: readonly Place[],
): Promise<MemoryEngine> {
  const ends = sharesOf(frame.rows, places.length);
  await Promise.all(places.map((place, i) => place.start(ends[i]! - (ends[i - 1] ?? 0))));
  const opened = new Map<string, Opened>();
  const groups = new Map<number, HeaderColumn[]>();
  for (const column of frame.columns) groups.set(column.block, [...(groups.get(column.block) ?? []), column]);
  const waiting = [...groups];
  // Every place takes a block when it has done the one before, so that texts are not all copied at once.
  await Promise.all(
    places.map(async (place) => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [block, columns] = next;
        const text = { text: await takeBlock(block), size: blocks[block]!.size };
        const answers: OpenedColumn[] = await place.do("openColumn", [text, columns.map(stored), ends]);
        for (const [i, { summary, shares }] of answers.entries()) {
          const { name, categories } = columns[i]!;
          opened.set(name, { summary, categories });
          await Promise.all(shares.map((share, k) => places[k]!.give(name, share)));
        }
      }
    }),
  );
  return new MemoryEngine(frame, places, ends, opened);
}

/** Where the share of each place ends, in rows; all but the last are multiples of 8. */
export function sharesOf(rows: number, places: number): number[] {
  return Array.from({ length: places }, (_, i) =>
    i === places - 1 ? rows : 8 * Math.round(((i + 1) * rows) / places / 8),
  );
}

/** What decoding needs of a column, without its description. */
function stored({ name, type, offset, length, planes, valid, categories }: HeaderColumn): StoredColumn {
  return { name, type, offset, length, planes, valid, categories };
}
