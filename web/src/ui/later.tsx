import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { nextTask } from "../core/task";

/** Its children, in a task after the one in which the rest came: a whole page at once would hold up the thread. */
export function Later({ children }: { readonly children: ComponentChildren }): JSX.Element | null {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let there = true;
    void nextTask().then(() => there && setReady(true));
    return () => void (there = false);
  }, []);
  return ready ? <>{children}</> : null;
}
