import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface Stop {
  readonly at: string;
  readonly title: string;
  readonly text: string;
}

/** In the order in which a person would try things. What a page does not have is passed over. */
const STOPS: readonly Stop[] = [
  {
    at: ".ut-plot",
    title: "A line is a row",
    text: "Every vertical axis is something that was measured, and every line one row of the data: an epoch, a layer or a run. Where lines run in a bundle, values go together; where they cross, they oppose each other.",
  },
  {
    at: ".ut-axis-line",
    title: "Brush an axis",
    text: "Drag along an axis: the lines through that range stay, the others step back. Drag again for a second range, drag a range to move it, click it to take it off.",
  },
  {
    at: ".ut-label",
    title: "Put the axes in order",
    text: "Drag a name to move its axis, click it to turn it upside down, drag it out of the plot to hide it. The three dots have its scale, its limits and more.",
  },
  {
    at: ".ut-axes-menu",
    title: "Find every column",
    text: "All columns, shown and hidden, with a search; and the axes in an order in which neighbours know most of each other.",
  },
  {
    at: ".ut-tabs",
    title: "What a line is",
    text: "The same training seen as its steps, its layers, the flow of the gradient back through them, or one line a run.",
  },
  {
    at: ".ut-legend",
    title: "Colour by anything",
    text: "By any column, also one that is no axis. The bar selects, too: drag along it.",
  },
  {
    at: ".ut-count",
    title: "Keep, or exclude",
    text: "With something brushed you can go on with those lines alone, or without them. Undo brings everything back.",
  },
  {
    at: ".ut-view-bar",
    title: "Other views of the same rows",
    text: "Series over steps, a scatter, a heatmap of layers, distributions, the table, and what explains a column. All follow the same selection, and select, too.",
  },
  {
    at: ".ut-findings",
    title: "What the training says",
    text: "Sentences about the run. Press one, and its evidence is brushed; flags beside the axes press them, too. The view Findings lists them all, with what each rests on.",
  },
  {
    at: ".ut-share",
    title: "Take it with you",
    text: "A link with everything as it stands, pictures, the selected rows, the page itself.",
  },
];

const GAP = 10;

/** Two minutes through the workbench, one thing after another, each where it is. */
export function Tour({ onEnd }: { readonly onEnd: () => void }): JSX.Element {
  const card = useRef<HTMLDivElement>(null);
  const ring = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const [stops, setStops] = useState<readonly Stop[]>([STOPS[0]!]);
  const stop = stops[at]!;
  useLayoutEffect(() => {
    const bench = card.current!.closest(".ut-workbench")!;
    setStops(STOPS.filter((each) => bench.querySelector(each.at)?.getBoundingClientRect().height));
  }, []);
  useLayoutEffect(() => {
    const place = () => {
      const target = card.current?.closest(".ut-workbench")?.querySelector(stop.at);
      if (target) lay(card.current!, ring.current!, target.getBoundingClientRect());
    };
    card.current?.closest(".ut-workbench")?.querySelector(stop.at)?.scrollIntoView({ block: "nearest" });
    place();
    card.current?.focus();
    addEventListener("resize", place);
    addEventListener("scroll", place, true);
    return () => {
      removeEventListener("resize", place);
      removeEventListener("scroll", place, true);
    };
  }, [stop]);
  useEffect(() => {
    // Back to where the keyboard was.
    const before = document.activeElement as HTMLElement | null;
    return () => before?.focus?.();
  }, []);
  const last = at === stops.length - 1;
  return (
    <div class="ut-tour">
      <div ref={ring} class="ut-tour-ring" aria-hidden="true" />
      <div
        ref={card}
        class="ut-tour-card"
        role="dialog"
        aria-label={`Tour, ${at + 1} of ${stops.length}: ${stop.title}`}
        tabIndex={-1}
        onKeyDown={(event) => {
          if (event.key === "Escape") onEnd();
          else if (event.key === "ArrowRight" && !last) setAt(at + 1);
          else if (event.key === "ArrowLeft" && at > 0) setAt(at - 1);
          else return;
          event.stopPropagation();
        }}
      >
        <h2>{stop.title}</h2>
        <p>{stop.text}</p>
        <footer>
          <span>
            {at + 1} of {stops.length}
          </span>
          <button type="button" class="ut-small" onClick={onEnd}>
            {last ? "Close" : "Leave"}
          </button>
          {at > 0 && (
            <button type="button" class="ut-small" onClick={() => setAt(at - 1)}>
              Back
            </button>
          )}
          {!last && (
            <button type="button" class="ut-button" onClick={() => setAt(at + 1)}>
              Next
            </button>
          )}
        </footer>
      </div>
    </div>
  );
}

/** Puts the card beneath its target, or above, or over it, wherever there is room, and the ring around that. */
function lay(card: HTMLElement, ring: HTMLElement, target: DOMRect): void {
  const { offsetWidth: width, offsetHeight: height } = card;
  const clamp = (value: number, most: number) => Math.max(GAP, Math.min(value, most - GAP));
  const below = target.bottom + GAP;
  const above = target.top - GAP - height;
  const top = below + height < innerHeight ? below : above > 0 ? above : target.top + GAP;
  card.style.left = `${clamp(target.left + target.width / 2 - width / 2, innerWidth - width)}px`;
  card.style.top = `${clamp(top, innerHeight - height)}px`;
  const edge = 4;
  ring.style.left = `${target.left - edge}px`;
  ring.style.top = `${target.top - edge}px`;
  ring.style.width = `${target.width + 2 * edge}px`;
  ring.style.height = `${target.height + 2 * edge}px`;
}
