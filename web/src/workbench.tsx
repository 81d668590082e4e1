import type { JSX } from "preact";
import { render } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Renderer } from "./render/scene";
import { FindingList } from "./ui/finding-list";
import { Findings } from "./ui/findings";
import { useHistoryKeys } from "./ui/history-keys";
import { Header } from "./ui/header";
import { Later } from "./ui/later";
import { ParallelPlot } from "./ui/parallel/plot";
import type { RunList } from "./ui/runs";
import { Runs } from "./ui/runs";
import type { Session } from "./ui/session";
import { Toolbar } from "./ui/toolbar";
import { Dock, dockHeight } from "./ui/views/dock";

/**
 * Puts the workbench into an element.
 *
 * @param renderer Draws the lines; the workbench disposes of it.
 * @param runs The runs to pick from, where there is such a choice.
 * @returns Takes everything off the page again.
 */
export function mount(element: HTMLElement, session: Session, renderer: Renderer, runs?: RunList): () => void {
  render(<Workbench session={session} renderer={renderer} {...(runs ? { runs } : {})} />, element);
  return () => {
    render(null, element);
    renderer.dispose();
    session.close();
  };
}

interface WorkbenchProps {
  readonly session: Session;
  readonly renderer: Renderer;
  readonly runs?: RunList;
}

function Workbench({ session, renderer, runs }: WorkbenchProps): JSX.Element {
  const document = session.document.value;
  const findings = useMemo(() => new FindingList(session), [session, document]);
  const { theme } = session;
  const lenses = session.lenses.value;
  const lens = session.current.value;
  const views = lens && session.views(lens);
  const root = useRef<HTMLDivElement>(null);
  useHistoryKeys(root, lens);
  useEffect(() => void lens?.open(), [lens]);

  return (
    <div
      ref={root}
      class={runs ? "ut-workbench ut-with-runs" : "ut-workbench"}
      data-theme={theme.name.value}
      data-lens={lens?.engine.frame.lens}
      data-full={views?.full.value ?? undefined}
      style={views ? { "--dock": dockHeight(views) } : undefined}
    >
      {runs && <Runs list={runs} />}
      <Header session={session} />
      <Findings findings={findings} views={(lens?.ready.value && views) || null} />
      {!lens && <p class="ut-empty">{runs?.waiting.value ?? "There is nothing to draw."}</p>}
      {lens?.ready.value && views && (
        <>
          <Toolbar
            lenses={lenses}
            lens={lens}
            theme={theme}
            onLens={(next) => (session.current.value = next)}
            picksRuns={!runs}
          />
          {lens.engine.frame.rows === 0 ? (
            <p class="ut-empty">There are no rows to draw.</p>
          ) : (
            <Later key={lens.engine.frame.lens}>
              <ParallelPlot lens={lens} theme={theme} renderer={renderer} findings={findings} />
            </Later>
          )}
          <Dock key={`${lens.engine.frame.lens} views`} lens={lens} theme={theme} views={views} findings={findings} />
        </>
      )}
    </div>
  );
}
