import type { JSX } from "preact";
import { Fragment } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { FindingList } from "../finding-list";
import { Later } from "../later";
import type { Lens } from "../lens";
import type { Theme } from "../theme";
import { Distribution } from "./distribution";
import { FindingsView } from "./findings";
import { Ranking } from "./ranking";
import { Scatter } from "./scatter";
import { SeriesView } from "./series";
import { Heatmap } from "./heatmap";
import { Splitter } from "./splitter";
import type { ViewName, Views } from "./state";
import { TITLES, VIEWS } from "./state";
import { Table } from "./table";
import { FullIcon } from "./view-frame";

/** The least and the most that the views may have of the page's height, and one view of two, in percent. */
const [LEAST, MOST, LEAST_WIDTH] = [12, 80, 12];
/** What they have until someone drags: a table alone needs less than a chart. */
const [TABLE_ALONE, CHARTS] = [30, 42];

interface DockProps {
  readonly lens: Lens;
  readonly theme: Theme;
  readonly views: Views;
  readonly findings: FindingList;
}

/** The views beside the plot, and the bar that opens them. */
export function Dock({ lens, theme, views, findings }: DockProps): JSX.Element {
  const root = useRef<HTMLElement>(null);
  const open = views.open.value;
  const names = VIEWS.filter((name) => name !== "findings" || findings.all.length > 0 || open.includes(name));
  const full = views.full.value;
  const height = shareOf(views);
  const shown = full === null ? open : open.filter((name) => name === full);
  useLeaveByEscape(views);

  const page = () => root.current!.parentElement!.getBoundingClientRect();
  return (
    <section class="ut-dock" ref={root} aria-label="Views">
      {open.length > 0 && full === null && (
        <Splitter
          label="Height of the views"
          orientation="horizontal"
          value={height}
          least={LEAST}
          most={MOST}
          at={({ clientY }) => (100 * (page().bottom - clientY)) / page().height}
          onChange={(value) => (views.height.value = value / 100)}
          onReset={() => (views.height.value = null)}
        />
      )}
      <div class="ut-view-bar" role="group" aria-label="Open and close views">
        {names.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={open.includes(name)}
            onClick={() => views.toggle(name)}
            title={`${open.includes(name) ? "Close" : "Open"} the ${TITLES[name].toLowerCase()}`}
          >
            {TITLES[name]}
          </button>
        ))}
        <button
          type="button"
          class="ut-plot-full"
          aria-pressed={full === "plot"}
          title={full === "plot" ? "Show the rest of the page again (Escape)" : "Give the plot the whole page"}
          onClick={() => views.toggleFull("plot")}
        >
          <FullIcon full={full === "plot"} /> Plot
        </button>
      </div>
      {full !== "plot" && shown.length > 0 && (
        <div class="ut-views">
          {shown.map((name, i) => (
            <Fragment key={name}>
              {i > 0 && <Between views={views} left={shown[i - 1]!} right={name} />}
              <Later>
                <View name={name} lens={lens} theme={theme} views={views} findings={findings} />
              </Later>
            </Fragment>
          ))}
        </div>
      )}
    </section>
  );
}

/** What the views have of the page's height, in percent. */
function shareOf(views: Views): number {
  const alone = views.open.value.every((name) => name === "table");
  return views.height.value === null ? (alone ? TABLE_ALONE : CHARTS) : 100 * views.height.value;
}

/** The height of the row of the page's grid that holds the views, as CSS. */
export function dockHeight(views: Views): string {
  return views.open.value.length === 0 ? "auto" : `minmax(150px, ${shareOf(views)}%)`;
}

/** The line between two views. */
function Between({ views, left, right }: { views: Views; left: ViewName; right: ViewName }): JSX.Element {
  const widths = views.widths.value;
  const [a, b] = [widths[left] ?? 1, widths[right] ?? 1];
  const set = (share: number) =>
    (views.widths.value = { ...widths, [left]: (a + b) * share, [right]: (a + b) * (1 - share) });
  const edges = (line: Element) =>
    [line.previousElementSibling!, line.nextElementSibling!].map((view) => view.getBoundingClientRect());
  return (
    <Splitter
      label={`Width of ${TITLES[left]} and ${TITLES[right]}`}
      orientation="vertical"
      value={(100 * a) / (a + b)}
      least={LEAST_WIDTH}
      most={100 - LEAST_WIDTH}
      at={({ clientX, currentTarget }) => {
        const [before, after] = edges(currentTarget as Element) as [DOMRect, DOMRect];
        return (100 * (clientX - before.left)) / (after.right - before.left);
      }}
      onChange={(value) => set(value / 100)}
      onReset={() => set(0.5)}
    />
  );
}

/** One view by its name. */
function View({ name, lens, theme, views, findings }: DockProps & { readonly name: ViewName }): JSX.Element {
  const props = { lens, theme, views };
  switch (name) {
    case "distribution":
      return <Distribution {...props} />;
    case "scatter":
      return <Scatter {...props} />;
    case "series":
      return <SeriesView {...props} />;
    case "heatmap":
      return <Heatmap {...props} />;
    case "ranking":
      return <Ranking {...props} />;
    case "findings":
      return <FindingsView views={views} findings={findings} />;
    case "table":
      return <Table {...props} />;
  }
}

/** Escape gives the page back, unless it closes a menu. */
function useLeaveByEscape(views: Views): void {
  const full = views.full.value;
  useEffect(() => {
    if (full === null) return;
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector(".ut-menu-panel")) return;
      views.full.value = null;
    };
    addEventListener("keydown", key, true);
    return () => removeEventListener("keydown", key, true);
  }, [views, full]);
}
