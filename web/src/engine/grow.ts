import type { Values, Vector } from "../core/column";
import { isPresent } from "../core/column";
import { inflate, vectorOf } from "./column-data";
import type { HeaderFrame } from "./container";
import { sharesOf } from "./container";
import type { Engine } from "./engine";
import type { Place } from "./handle";
import type { Opened } from "./memory";
import { MemoryEngine } from "./memory";
import { slice } from "./vectors";

/**
 * The engine of a frame that grew: the rows that were there are taken from the engine before, the new ones from blocks.
 *
 * @param old The engine of the frame as it was.
 * @param blocks The zlib streams that came with the header.
 */
export async function grow(
  old: Engine,
  frame: HeaderFrame,
  blocks: readonly Uint8Array<ArrayBuffer>[],
  places: readonly Place[],
): Promise<MemoryEngine> {
  const inflated = new Map<number, Promise<ArrayBuffer>>();
  const bytes = (block: number) => {
    if (!inflated.has(block)) inflated.set(block, inflate(blocks[block]!));
    return inflated.get(block)!;
  };
  const { starts, lengths } = frame.kept!;
  const runs = await Promise.all(
    [starts, lengths].map(async (array) => {
      const found = vectorOf({ ...array, name: "", categories: null, described: false }, await bytes(array.block));
      return found.values as Int32Array;
    }),
  );
  const names = frame.columns.map(({ name }) => name);
  const before = (await old.rows({ columns: names })).columns;
  const ends = sharesOf(frame.rows, places.length);
  await Promise.all(places.map((place, i) => place.start(ends[i]! - (ends[i - 1] ?? 0))));
  const opened = new Map<string, Opened>();
  await Promise.all(
    frame.columns.map(async (column, k) => {
      const fresh = column.length
        ? vectorOf({ ...column, described: false }, await bytes(column.block))
        : { values: new Uint8Array(0), valid: null, categories: column.categories };
      const vector = spliced(before[column.name]!, fresh, runs[0]!, runs[1]!, frame.rows);
      const summary = await places[k % places.length]!.do("summarize", [column.name, vector]);
      opened.set(column.name, { summary, categories: vector.categories, there: Promise.resolve() });
      await Promise.all(places.map((place, i) => place.give(column.name, slice(vector, ends[i - 1] ?? 0, ends[i]!))));
    }),
  );
  return new MemoryEngine(frame, places, ends, opened);
}

/**
 * A vector made of stretches of an old one and, where a stretch starts at −1, of the next rows of a fresh one.
 *
 * The fresh one names all categories, in the order that they have from now on.
 */
export function spliced(old: Vector, fresh: Vector, starts: Int32Array, lengths: Int32Array, rows: number): Vector {
  const { categories } = fresh;
  const codes = categories && new Map(categories.map((name, code) => [name, code]));
  // A name that is gone stands on no row that stays.
  const recoded = codes && old.categories!.map((name) => codes.get(name) ?? 0);
  const values = new (wider(old.values, fresh.values, categories !== null))(rows);
  const valid = old.valid || fresh.valid ? new Uint8Array((rows + 7) >> 3) : null;
  let [at, next] = [0, 0];
  starts.forEach((start, run) => {
    const from = start < 0 ? fresh : old;
    const first = start < 0 ? next : start;
    for (let i = first; i < first + lengths[run]!; i++, at++) {
      const value = from.values[i]!;
      const present = isPresent(from, i);
      values[at] = recoded && start >= 0 && present ? recoded[value]! : value;
      if (valid && present) valid[at >> 3]! |= 1 << (at & 7);
    }
    if (start < 0) next += lengths[run]!;
  });
  return { values, valid, categories };
}

/** The type that holds the values of two arrays. */
function wider(a: Values, b: Values, codes: boolean): new (length: number) => Values {
  if (codes) return Uint32Array;
  if (b.length === 0) return a.constructor as new (length: number) => Values;
  return a.constructor === b.constructor ? (a.constructor as new (length: number) => Values) : Float64Array;
}
