import { effect } from "@preact/signals";
import type { Saved } from "./saved";
import { watch, written } from "./saved";
import type { Session } from "./session";

/** Milliseconds that a person's changes rest before the address says so; browsers refuse it more often than that. */
const REST = 400;
const KEY = "state";

/** The element in which a page that was saved says how it stood. */
export const stateInPage = "undertow-state";

/** What the page's address says of its state, else what was saved with it; null where nothing could be read. */
export function stateGiven(): Saved | null {
  try {
    const text = stateIn(location.href) ?? document.getElementById(stateInPage)?.textContent;
    const saved: unknown = text ? JSON.parse(text) : null;
    return typeof saved === "object" && !Array.isArray(saved) ? (saved as Saved | null) : null;
  } catch {
    return null;
  }
}

function stateIn(address: string): string | null {
  return new URLSearchParams(new URL(address).hash.slice(1)).get(KEY);
}

/** The page's address with a state in it, in place of the one it has. */
export function addressOf(saved: Saved): string {
  const address = new URL(location.href);
  const parts = new URLSearchParams(address.hash.slice(1));
  if (Object.keys(saved).length) parts.set(KEY, JSON.stringify(saved));
  else parts.delete(KEY);
  address.hash = parts.toString();
  return address.href;
}

/** Keeps what a person makes of the page in its address: to be copied, kept as a bookmark, or opened again. */
export function keepInAddress(session: Session): () => void {
  let rest: ReturnType<typeof setTimeout> | undefined;
  let first = true;
  const stop = effect(() => {
    watch(session);
    clearTimeout(rest);
    // What stands there on opening is left until a person changes something: more runs may come that it speaks of.
    if (first) return void (first = false);
    rest = setTimeout(() => {
      try {
        history.replaceState(history.state, "", addressOf(written(session)));
      } catch {
        // A frame without an address of its own.
      }
    }, REST);
  });
  // Another link to the same page, put into the same tab: our own changes raise no such event.
  const reload = ({ oldURL, newURL }: HashChangeEvent) => {
    if (stateIn(oldURL) !== stateIn(newURL)) location.reload();
  };
  addEventListener("hashchange", reload);
  return () => {
    clearTimeout(rest);
    removeEventListener("hashchange", reload);
    stop();
  };
}
