/** Browsers lay nothing out beyond some 17 to 33 million pixels; more rows than fit there are scrolled in proportion. */
export const MOST_PIXELS = 8_000_000;

/** Where a long table stands. */
export interface Place {
  /** Pixels of rows above the first visible one, as if all had been laid out. */
  readonly top: number;
  /** Where the scroll bar stands. */
  readonly scroll: number;
}

/**
 * Between rows in millions and a scroll bar of limited length. The bar leads in proportion, a wheel or a key row by row, so
 * that every row can be reached.
 */
export class LongScroll {
  /** Pixels that all rows would take. */
  readonly #whole: number;
  readonly #view: number;

  /** @param view Pixels of rows that are in sight. */
  constructor(rows: number, row: number, view: number) {
    this.#whole = rows * row;
    this.#view = view;
  }

  /** Pixels that are laid out. */
  get height(): number {
    return Math.min(this.#whole, MOST_PIXELS);
  }

  /** Whether the bar stands for more than it is long. */
  get scaled(): boolean {
    return this.#whole > MOST_PIXELS;
  }

  get #furthest(): number {
    return Math.max(0, this.#whole - this.#view);
  }

  get #length(): number {
    return Math.max(0, this.height - this.#view);
  }

  /** Where the table stands after the bar has moved: a short way as a finger does, a long one in proportion. */
  moved({ top, scroll }: Place, to: number): Place {
    if (!this.scaled) return { top: to, scroll: to };
    if (to <= 0) return { top: 0, scroll: to };
    if (to >= this.#length - 1) return { top: this.#furthest, scroll: to };
    const by = to - scroll;
    if (Math.abs(by) < 1) return { top, scroll: to };
    const next = Math.abs(by) < this.#view ? top + by : (to / this.#length) * this.#furthest;
    return { top: this.#within(next), scroll: to };
  }

  /** Where the table stands some pixels of rows further on. */
  by({ top }: Place, pixels: number): Place {
    return this.to(top + pixels);
  }

  /** Where the table stands with so many pixels of rows above. */
  to(top: number): Place {
    const next = this.#within(top);
    return { top: next, scroll: this.scaled ? (next / this.#furthest) * this.#length : next };
  }

  #within(top: number): number {
    return Math.min(this.#furthest, Math.max(0, top));
  }
}
