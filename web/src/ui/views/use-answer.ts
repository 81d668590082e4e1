import { useEffect, useState } from "preact/hooks";
import type { Lens } from "../lens";

/** Milliseconds that a question about a crowd waits for a better one. */
const PATIENCE = 80;

/**
 * The answer to a question, and the last one until it is there. Of the questions that follow one another the last alone is
 * heard: one that was given up may never be answered.
 *
 * @param key What the question says, as JSON can say it; null asks nothing and forgets.
 */
export function useAnswer<T>(lens: Lens, key: unknown, ask: () => Promise<T>): T | null {
  const [answer, setAnswer] = useState<T | null>(null);
  const text = key === null ? null : JSON.stringify(key);
  useEffect(() => {
    if (text === null) return setAnswer(null);
    let current = true;
    const put = () =>
      void ask().then(
        (found) => current && setAnswer(found),
        (error: unknown) => current && console.warn(error),
      );
    const timer = lens.crowd ? setTimeout(put, PATIENCE) : void put();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [lens, text]);
  return answer;
}
