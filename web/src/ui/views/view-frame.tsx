import type { ComponentChildren, JSX } from "preact";
import type { ViewName, Views } from "./state";
import { TITLES } from "./state";

interface ViewFrameProps {
  readonly name: ViewName;
  readonly views: Views;
  /** What is chosen above the view. */
  readonly controls: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A view's head with its name, its choices and what every view has: the whole page, or none of it. */
export function ViewFrame({ name, views, controls, children }: ViewFrameProps): JSX.Element {
  const full = views.full.value === name;
  const title = TITLES[name];
  return (
    <section class="ut-view" data-view={name} aria-label={title} style={{ flexGrow: views.widths.value[name] ?? 1 }}>
      <header>
        <h2>{title}</h2>
        <div class="ut-view-controls">{controls}</div>
        <button
          type="button"
          class="ut-icon"
          aria-label={`${title}: whole page`}
          aria-pressed={full}
          title={full ? "Show the rest of the page again (Escape)" : "Give this view the whole page"}
          onClick={() => views.toggleFull(name)}
        >
          <FullIcon full={full} />
        </button>
        <button
          type="button"
          class="ut-icon"
          aria-label={`Close ${title.toLowerCase()}`}
          title="Close"
          onClick={(event) => {
            // The keyboard goes on where the view is opened again.
            const bar = event.currentTarget.closest(".ut-dock")?.querySelector<HTMLElement>(".ut-view-bar button");
            views.toggle(name);
            bar?.focus();
          }}
        >
          <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
            <path d="M2 2l8 8M10 2l-8 8" />
          </svg>
        </button>
      </header>
      {children}
    </section>
  );
}

/** Four corners: outwards to take the page, inwards to give it back. */
export function FullIcon({ full }: { readonly full: boolean }): JSX.Element {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <path d={full ? "M4.5 1v3.5H1M11 4.5H7.5V1M7.5 11V7.5H11M1 7.5h3.5V11" : "M1 4V1h3M8 1h3v3M11 8v3H8M4 11H1V8"} />
    </svg>
  );
}
