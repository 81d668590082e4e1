import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { render } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { Document, Finding } from "./engine/engine";
import type { Renderer } from "./render/scene";
import { Findings } from "./ui/findings";
import { Header } from "./ui/header";
import { Lens } from "./ui/lens";
import { ParallelPlot } from "./ui/parallel/plot";
import { Table } from "./ui/table";
import { Theme } from "./ui/theme";
import { Toolbar } from "./ui/toolbar";

/**
 * Puts the workbench into an element.
 *
 * @param renderer Draws the lines; the workbench disposes of it.
 * @returns Takes everything off the page again.
 */
export function mount(element: HTMLElement, document: Document, renderer: Renderer): () => void {
  render(<Workbench document={document} renderer={renderer} />, element);
  return () => {
    render(null, element);
    renderer.dispose();
    for (const engine of document.engines) engine.close();
  };
}

function Workbench({ document, renderer }: { document: Document; renderer: Renderer }): JSX.Element {
  const theme = useMemo(() => new Theme(document.theme), [document]);
  const lenses = useMemo(() => document.engines.map((engine) => new Lens(engine)), [document]);
  const current = useMemo(() => signal(lenses[0]!), [lenses]);
  const lens = current.value;
  useEffect(() => void lens.open(), [lens]);
  useEffect(() => () => theme.close(), [theme]);
  useEffect(() => () => lenses.forEach((each) => each.close()), [lenses]);

  const shows = (finding: Finding) => lens.engine.frame.lens === finding.lens && lens.showsEvidence(finding.filters);
  const press = async (finding: Finding) => {
    if (shows(finding)) return lens.clear();
    const target = lenses.find((other) => other.engine.frame.lens === finding.lens) ?? lens;
    await target.open();
    target.showEvidence(finding.filters);
    current.value = target;
  };
  return (
    <div class="ut-workbench" data-theme={theme.name.value} data-lens={lens.engine.frame.lens}>
      <Header document={document} lens={lens} theme={theme} />
      <Findings findings={document.findings} shows={shows} onPress={(finding) => void press(finding)} />
      {lens.ready.value && (
        <>
          <Toolbar lenses={lenses} lens={lens} theme={theme} onLens={(next) => (current.value = next)} />
          {lens.engine.frame.rows === 0 ? (
            <p class="ut-empty">There are no rows to draw.</p>
          ) : (
            <ParallelPlot key={lens.engine.frame.lens} lens={lens} theme={theme} renderer={renderer} />
          )}
          <Table key={`${lens.engine.frame.lens} table`} lens={lens} theme={theme} />
        </>
      )}
    </div>
  );
}
