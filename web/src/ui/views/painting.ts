import { useLayoutEffect, useRef } from "preact/hooks";

/** What paintings may take of one frame before the others wait for the next, in milliseconds. */
const BUDGET = 8;

/** What is to be painted, by whom, in the order in which it was first asked for. */
const waiting = new Map<object, () => void>();
let frame = 0;

/**
 * Paints with the next frame, or a later one where other paintings already filled it: views that follow the same brush
 * share the page's thread, and none of them holds it up alone.
 *
 * @param inputs What the painting depends on: it is repeated when one of them changes.
 */
export function usePainting(paint: () => void, inputs: readonly unknown[]): void {
  const key = useRef({}).current;
  useLayoutEffect(() => {
    // Whoever waits already keeps its place, so that none starves where a hand moves all the time.
    waiting.set(key, paint);
    frame ||= requestAnimationFrame(work);
  }, inputs);
  useLayoutEffect(() => () => void waiting.delete(key), []);
}

function work(): void {
  frame = 0;
  const start = performance.now();
  try {
    for (const [key, paint] of waiting) {
      waiting.delete(key);
      paint();
      if (performance.now() - start > BUDGET) break;
    }
  } finally {
    if (waiting.size > 0) frame = requestAnimationFrame(work);
  }
}
