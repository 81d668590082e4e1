import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Lens } from "../lens";

/** Milliseconds without a key until a crowd is searched. */
const REST = 300;

/** A text that selects the rows of which a value contains it, like a brush. */
export function Search({ lens }: { readonly lens: Lens }): JSX.Element {
  const found = lens.search.value;
  const [text, setText] = useState(found);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  // Cleared elsewhere, as by "Clear brushes".
  useEffect(() => setText(found), [found, lens]);
  useEffect(() => () => clearTimeout(timer.current), [lens]);
  const search = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    if (lens.crowd) timer.current = setTimeout(() => (lens.search.value = next), REST);
    else lens.search.value = next;
  };
  return (
    <input
      type="search"
      class="ut-view-search"
      placeholder="Search"
      aria-label="Select the rows that contain"
      title="Selects the rows of which a value contains this text, whatever the case; of numbers all digits count"
      value={text}
      onInput={(event) => search(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !text) return;
        search("");
        event.preventDefault();
      }}
    />
  );
}
