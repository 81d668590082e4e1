import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Help } from "./help";
import type { Session } from "./session";
import { ShareMenu } from "./share-menu";
import { Tour } from "./tour";

/** What is shown, how a line is to be read, and light or dark. */
export function Header({ session }: { readonly session: Session }): JSX.Element {
  const { theme } = session;
  const document = session.document.value;
  const lens = session.current.value;
  const [tour, setTour] = useState(false);
  const dark = theme.name.value === "dark";
  return (
    <header class="ut-header">
      <svg class="ut-mark" width="30" height="22" viewBox="0 0 30 22" aria-hidden="true">
        <path d="M1 6c4.5-5 8.5-5 13 0s9 5 15 0" />
        <path d="M29 13c-4.5 5-8.5 5-13 0s-9-5-15 0" />
      </svg>
      <div>
        <h1>{document.title}</h1>
        <p>{document.subtitle || lens?.engine.frame.note}</p>
      </div>
      {lens && <ShareMenu session={session} />}
      {lens && <Help lens={lens} onTour={() => setTour(true)} />}
      {tour && <Tour onEnd={() => setTour(false)} />}
      <button
        type="button"
        class="ut-theme"
        aria-label={dark ? "Light theme" : "Dark theme"}
        title={dark ? "Light" : "Dark"}
        onClick={() => (theme.choice.value = dark ? "light" : "dark")}
      >
        <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5" />
          <path d="M8 1.75a6.25 6.25 0 0 1 0 12.5z" fill="currentColor" />
        </svg>
      </button>
    </header>
  );
}
