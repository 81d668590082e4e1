import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Lens } from "./lens";
import { Menu } from "./menu";

/** What hands and keys do, by what they do it to. */
const KEYS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    "Axes",
    [
      ["Drag along an axis", "brush a range; again for another one"],
      ["Drag a brush, or its ends", "move it, or make it wider"],
      ["Click on a brush", "take it off"],
      ["Double click on a brush", "type its limits"],
      ["Click on a category", "select it; Shift adds"],
      ["↑ ↓ on a brush’s end", "move it; Page keys further; Delete takes it off"],
    ],
  ],
  [
    "Names of axes",
    [
      ["Drag, or ← →", "put the axis elsewhere"],
      ["Click, or Enter", "turn it upside down"],
      ["Drag out of the plot, or Delete", "hide it; the Axes menu has it"],
      ["⋮", "scale, limits, order, colour, and the rest"],
    ],
  ],
  [
    "Lines",
    [
      ["Point at one", "what it holds, its parents and children"],
      ["Click on one", "pin it; again lets it go"],
      ["Arrows, from “Lines”", "walk through the selected ones; Enter pins"],
    ],
  ],
  [
    "Everything",
    [
      ["Keep, Exclude", "go on with the selected lines alone, or without them"],
      ["Ctrl-Z, Ctrl-Y", "undo and redo those; Cmd on a Mac"],
      ["Colour bar, legend", "drag or click to select by colour"],
      ["Esc", "close a menu, leave the full page"],
      ["?", "this help"],
    ],
  ],
];

interface HelpProps {
  readonly lens: Lens;
  readonly onTour: () => void;
}

/** What can be done with hands and keys, and the tour that shows it. */
export function Help({ lens, onTour }: HelpProps): JSX.Element {
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const [target] = event.composedPath();
      if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) return;
      // Of several workbenches in a notebook the one that has the keyboard.
      const bench = root.current?.closest(".ut-workbench");
      if (target !== document.body && !bench?.contains(target as Node)) return;
      root.current?.querySelector<HTMLElement>("button")?.click();
      event.preventDefault();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [lens]);
  return (
    <div ref={root} class="ut-help">
      <Menu class="ut-round" label="Help: what hands and keys do" face={<b aria-hidden="true">?</b>}>
        {(close) => (
          <>
            <button
              type="button"
              class="ut-button"
              onClick={() => {
                close();
                onTour();
              }}
            >
              Take the tour
            </button>
            {lens.engine.frame.note && <p>{lens.engine.frame.note}</p>}
            {KEYS.map(([what, rows]) => (
              <section key={what}>
                <h3>{what}</h3>
                <dl>
                  {rows.map(([how, does]) => (
                    <div key={how}>
                      <dt>{how}</dt>
                      <dd>{does}</dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </>
        )}
      </Menu>
    </div>
  );
}
