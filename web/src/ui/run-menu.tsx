import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { valuesOf } from "../core/brush";
import { formatValue } from "../core/format";
import { own } from "../core/own";
import type { Lens } from "./lens";
import { Menu } from "./menu";

/** The column that says of which run a row is, in every lens. */
const RUN = "run";
/** More runs than this are not listed; the search finds them. */
const MOST = 150;
/** More settings than this are left to the tooltip. */
const MOST_SETTINGS = 4;
/** `mlp-2` before `mlp-10`. */
const BY_NAME = new Intl.Collator("en", { numeric: true }).compare;

interface RunMenuProps {
  readonly lenses: readonly Lens[];
  readonly lens: Lens;
}

/** The runs on the page: which are selected, in all lenses at once. */
export function RunMenu({ lenses, lens }: RunMenuProps): JSX.Element | null {
  const runs = lens.info(RUN)?.kind === "category" ? lens.categories(RUN) : null;
  if (!runs || runs.length < 2) return null;
  const chosen = chosenOf(lens, runs);
  return (
    <Menu
      class="ut-run-menu"
      label={`Runs ${chosen.size}/${runs.length}: select`}
      face={
        <>
          Runs <b>{chosen.size}</b>/{runs.length}
        </>
      }
    >
      {() => <Choices lenses={lenses} runs={runs} chosen={chosen} />}
    </Menu>
  );
}

/** The runs that the brush on their column leaves: all where there is none. */
function chosenOf(lens: Lens, runs: readonly string[]): ReadonlySet<string> {
  const chosen = valuesOf(own(lens.brushes.value, RUN) ?? []);
  return chosen.size ? chosen : new Set(runs);
}

interface ChoicesProps {
  readonly lenses: readonly Lens[];
  readonly runs: readonly string[];
  readonly chosen: ReadonlySet<string>;
}

function Choices({ lenses, runs, chosen }: ChoicesProps): JSX.Element {
  const [text, setText] = useState("");
  const settings = useSettings(lenses);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...runs].sort(BY_NAME).filter((run) => {
    const known = [run, ...(settings.get(run) ?? [])].join(" ").toLowerCase();
    return words.every((word) => known.includes(word));
  });
  const choose = (next: ReadonlySet<string>) => {
    // No brush at all rather than one on everything: rows that tell no run stay, and a run that starts later comes in.
    const names = next.size === runs.length ? new Set<string>() : next;
    for (const each of lenses) if (each.info(RUN)) each.setCategories(RUN, names);
  };
  return (
    <>
      <input
        type="search"
        class="ut-search"
        placeholder="Search: name, lr = 0.01 …"
        aria-label="Search runs"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="ut-picks">
        <button type="button" disabled={chosen.size === runs.length} onClick={() => choose(new Set(runs))}>
          All {runs.length}
        </button>
        <button
          type="button"
          disabled={words.length === 0 || found.length === 0}
          onClick={() => choose(new Set(found))}
        >
          Those found
        </button>
      </div>
      <ul>
        {found.slice(0, MOST).map((run) => {
          const said = settings.get(run) ?? [];
          const next = new Set(chosen);
          if (!next.delete(run)) next.add(run);
          return (
            <li key={run}>
              <label title={[run, ...said].join("\n")}>
                <input
                  type="checkbox"
                  checked={chosen.has(run)}
                  // One stays: a plot of no run says nothing.
                  disabled={next.size === 0}
                  onChange={() => choose(next)}
                />
                <span class="ut-run-said">
                  {run}
                  {said.length > 0 && <small>{said.slice(0, MOST_SETTINGS).join(", ")}</small>}
                </span>
              </label>
              <button
                type="button"
                class="ut-go"
                aria-label={`Only ${run}`}
                title="This run alone"
                onClick={() => choose(new Set([run]))}
              >
                only
              </button>
            </li>
          );
        })}
      </ul>
      {found.length > MOST && <p>and {found.length - MOST} more; search to find them</p>}
      {found.length === 0 && <p>No run is called that, nor has that setting.</p>}
    </>
  );
}

/** What the runs were set to, in words, by run: the settings in which they differ first. Empty until they have come in. */
function useSettings(lenses: readonly Lens[]): ReadonlyMap<string, readonly string[]> {
  const [settings, setSettings] = useState<ReadonlyMap<string, readonly string[]>>(new Map());
  const engine = lenses.find(({ engine: { frame } }) => frame.lens === "runs")?.engine;
  useEffect(() => {
    let gone = false;
    const infos = engine?.frame.columns.filter(({ group }) => group === "config") ?? [];
    if (!engine || infos.length === 0) return;
    void engine
      .rows({ columns: [RUN, ...infos.map(({ name }) => name)] })
      .then(({ columns }) => {
        if (gone) return;
        const { axes } = engine.frame;
        infos.sort((a, b) => Number(axes.includes(b.name)) - Number(axes.includes(a.name)));
        const run = columns[RUN]!;
        const said = (row: number) =>
          infos.flatMap((info) => {
            const value = formatValue(info, columns[info.name]!, row);
            return value ? [`${info.label || info.name} = ${value}`] : [];
          });
        setSettings(new Map(Array.from(run.values, (code, row) => [run.categories![code]!, said(row)])));
      })
      // The menu is whole without them.
      .catch(() => {});
    return () => {
      gone = true;
    };
  }, [engine]);
  return settings;
}
