import type { Binning, Cube } from "../../engine/engine";
import type { Lens } from "../lens";
import { useAnswer } from "./use-answer";

/** Two axes to count together, and what colours them. */
export interface CountsQuery {
  readonly pair: readonly [Binning, Binning];
  readonly bins: number;
  readonly color?: Binning;
}

export interface Counts {
  /** Of the rows that the steps left. */
  readonly all: Cube;
  /** Of those that are selected; the same as `all` where nothing narrows them. */
  readonly chosen: Cube;
}

/** Joint counts of all rows and of the selected ones, kept up to date; null until they are there. */
export function useCounts(lens: Lens, query: CountsQuery | null): Counts | null {
  const text = JSON.stringify(query);
  const ask = (filters: typeof lens.base.value) => async () => {
    const { pair, bins, color } = query!;
    const cube = await lens.engine.cube({ pairs: [pair], bins, filters, ...(color ? { color } : {}) });
    return { cube, text };
  };
  const base = lens.base.value;
  const filters = lens.settled.value;
  const all = useAnswer(lens, query && [text, base], ask(base));
  const narrowed = lens.brushed.value && filters !== base;
  const chosen = useAnswer(lens, query && narrowed ? [text, filters] : null, ask(filters));
  // An answer about other axes is none about these.
  if (all?.text !== text) return null;
  return { all: all.cube, chosen: narrowed && chosen?.text === text ? chosen.cube : all.cube };
}
