import type { Vector } from "../core/column";
import { isPresent } from "../core/column";
import type { Cut } from "../core/edges";
import { binOf, categoryBin, edges, SPECIAL_BINS, upperBound } from "../core/edges";

/** Codes 0–3 stand for missing, NaN, −∞ and +∞; those after them for the stretches between a column's code edges. */
const MISSING = 0;
const NAN = 1;
const NEGATIVE = 2;
const POSITIVE = 3;
const FIRST = 4;
/** Categories beyond this many share codes: a multiple of the bins that a page draws, so that none ends within a code. */
const MOST_CODES = 65_520;

/**
 * Cuts a column so finely that the edges of every scale are among its cuts: a change of scale, or a brush, then asks a
 * table of some thousand codes instead of the rows.
 */
export class Coder {
  /** Ascending, the first −∞: code FIRST + k holds edges[k] ≤ v < edges[k + 1]. Empty for categories. */
  readonly edges: Float64Array;
  readonly #categories: number;

  /**
   * @param cuts The scales that the column can be drawn on, and into how many bins.
   * @param categories How many categories it has; null for numbers.
   */
  constructor(cuts: readonly (readonly [Cut, number])[], categories: number | null) {
    this.#categories = categories ?? 0;
    // The least number above 0 parts what a log axis can show from what it cannot.
    const all =
      categories === null
        ? [-Infinity, 0, Number.MIN_VALUE, ...cuts.flatMap(([cut, bins]) => [...edges(cut, bins)])]
        : [];
    this.edges = Float64Array.from(new Set(all.filter((edge) => !Number.isNaN(edge)))).sort();
  }

  /** How many codes there are. */
  get size(): number {
    return FIRST + (this.edges.length || Math.min(MOST_CODES, Math.max(1, this.#categories)));
  }

  /** What writes the codes of the rows from `from` up to `to` into zeroes. */
  encoder(vector: Vector): (codes: Uint16Array, from: number, to: number) => void {
    const { values, valid } = vector;
    const categories = this.#categories;
    const find = this.#finder();
    return (codes, from, to) => {
      for (let row = from; row < to; row++) {
        if (valid !== null && !isPresent(vector, row)) continue;
        const value = values[row]!;
        if (vector.categories)
          codes[row] = FIRST + (categories > MOST_CODES ? Math.floor((value * MOST_CODES) / categories) : value);
        else if (value - value === 0)
          codes[row] = FIRST + find(value + 0); // −0 is 0
        else codes[row] = Number.isNaN(value) ? NAN : value > 0 ? POSITIVE : NEGATIVE;
      }
    };
  }

  /** For every code the display bin on a scale: [0, bins), or one of the special ones after. */
  bins(cut: Cut, bins: number): Uint8Array {
    const table = new Uint8Array(this.size);
    table[MISSING] = bins + 4;
    table[NAN] = bins + 3;
    table[NEGATIVE] = bins + 2;
    table[POSITIVE] = bins;
    if (cut.scale === "category") {
      const known = this.size - FIRST;
      for (let k = 0; k < known; k++) table[FIRST + k] = categoryBin(k, known, bins);
      return table;
    }
    const cuts = edges(cut, bins);
    this.edges.forEach((edge, k) => {
      table[FIRST + k] = cut.scale === "log" && edge <= 0 ? bins + 1 : binOf(edge, cuts);
    });
    return table;
  }

  /**
   * For every code whether its rows pass: 0 none does, 1 all do, 2 the value itself must be asked.
   *
   * @param passes Tests one finite value.
   * @param ends Where the answer may change: the ends of the ranges.
   */
  passes(
    passes: (value: number) => boolean,
    ends: readonly number[],
    special: Readonly<Record<"missing" | "nan" | "-inf" | "+inf", boolean>>,
  ): Uint8Array {
    const table = new Uint8Array(this.size);
    table[MISSING] = Number(special.missing);
    table[NAN] = Number(special.nan);
    table[NEGATIVE] = Number(special["-inf"]);
    table[POSITIVE] = Number(special["+inf"]);
    this.edges.forEach((edge, k) => (table[FIRST + k] = Number(passes(k === 0 ? -Number.MAX_VALUE : edge))));
    for (const end of ends)
      if (this.edges.length) table[FIRST + upperBound(this.edges, end, 0, this.edges.length) - 1] = 2;
    return table;
  }

  /** For every code of a category column whether it passes; 2 where categories share a code. */
  passesCategories(chosen: ReadonlySet<number>, missing: boolean): Uint8Array {
    const shared = this.#categories > MOST_CODES;
    const table = new Uint8Array(this.size).fill(shared ? 2 : 0);
    table[MISSING] = Number(missing);
    if (!shared) for (const code of chosen) table[FIRST + code] = 1;
    return table;
  }

  /**
   * Finds the stretch of a value: the upper half of its float32 bits leads to the few edges that share them. A finite
   * double rounds to a float32 without changing its order, so only the ends of those few need the exact comparison.
   */
  #finder(): (value: number) => number {
    const cuts = this.edges;
    const float = new Float32Array(1);
    const bits = new Uint32Array(float.buffer);
    const key = (value: number) => {
      float[0] = value;
      const raw = bits[0]! >>> 16;
      return raw & 0x8000 ? 0xffff - raw : raw | 0x8000;
    };
    // guide[k]: the first edge whose key is at least k.
    const guide = new Uint16Array(65_537);
    for (let k = 0, i = 0; k < guide.length; k++) {
      while (i < cuts.length && key(cuts[i]!) < k) i++;
      guide[k] = i;
    }
    return (value) => {
      const own = key(value);
      return upperBound(cuts, value, guide[own]!, guide[own + 1]!) - 1;
    };
  }
}

/** Bins of an axis, those beyond its scale included. */
export function sideOf(bins: number): number {
  return bins + SPECIAL_BINS;
}
