/** A typed array on its way to a worker: whole the first time, by its number from then on. */
interface Lent {
  readonly lent: number;
  readonly array?: ArrayBufferView;
}

/** Sends structures to a worker without sending an array twice while it is in use. Pairs with `Borrower`. */
export class Lender {
  #numbers = new Map<ArrayBufferView, number>();
  #next = 0;

  /** The structure with its arrays replaced; to be posted, and in the order it was packed. */
  pack(value: unknown): unknown {
    const used = new Map<ArrayBufferView, number>();
    const packed = walk(value, (item): Lent | undefined => {
      if (!ArrayBuffer.isView(item)) return undefined;
      const known = used.get(item) ?? this.#numbers.get(item);
      if (known !== undefined) {
        used.set(item, known);
        return { lent: known };
      }
      used.set(item, this.#next);
      return { lent: this.#next++, array: item };
    });
    this.#numbers = used;
    return packed;
  }
}

/** Puts back together what a `Lender` packed, and forgets the arrays that the latest structure did without. */
export class Borrower {
  #arrays = new Map<number, ArrayBufferView>();

  unpack(value: unknown): unknown {
    const used = new Map<number, ArrayBufferView>();
    const whole = walk(value, (item) => {
      const { lent, array } = item as Partial<Lent>;
      if (lent === undefined) return undefined;
      const found = array ?? used.get(lent) ?? this.#arrays.get(lent)!;
      used.set(lent, found);
      return found;
    });
    this.#arrays = used;
    return whole;
  }
}

function walk(value: unknown, replace: (item: object) => unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  const replaced = replace(value);
  if (replaced !== undefined) return replaced;
  if (Array.isArray(value)) return value.map((item) => walk(item, replace));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, replace)]));
}
