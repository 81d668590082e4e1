import type { ReadonlySignal } from "@preact/signals";
import { computed, signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { RunInfo, RunNews } from "../engine/served";

/** The runs of a folder: which there are, which are shown, and whether news still come. */
export class RunList {
  readonly runs = signal<ReadonlyMap<string, RunInfo>>(new Map());
  /** The ids that were picked; null shows the newest. */
  readonly picked = signal<readonly string[] | null>(null);
  /** The ids whose lines are on the page. */
  readonly shown = signal<readonly string[]>([]);
  readonly connected = signal(true);
  /** What could not be read or asked, in words. */
  readonly problems = signal<readonly string[]>([]);

  /** What the page says where there is nothing to draw. */
  readonly waiting: ReadonlySignal<string> = computed(() => {
    if (this.runs.value.size === 0) return "No run yet. The first appears here as soon as it begins.";
    return this.picked.value?.length === 0 ? "Pick a run." : "Waiting for the first step …";
  });

  /** The newest first. */
  readonly ordered = computed(() =>
    [...this.runs.value.values()].sort(
      (a, b) => (b.start ?? "").localeCompare(a.start ?? "") || b.id.localeCompare(a.id),
    ),
  );

  hear(news: RunNews): void {
    const runs = new Map(this.runs.peek());
    for (const id of news.gone) runs.delete(id);
    for (const run of news.runs) runs.set(run.id, run);
    this.runs.value = runs;
  }

  /** Shows a run, or takes it off. */
  toggle(id: string): void {
    const now = new Set(this.picked.peek() ?? this.shown.peek());
    if (!now.delete(id)) now.add(id);
    this.picked.value = [...now];
  }
}

const STATES: Readonly<Record<string, string>> = {
  running: "running",
  finished: "finished",
  degraded: "degraded: rows were lost",
  failed: "failed",
  crashed: "crashed: no sign of life",
  unreadable: "cannot be read",
};

/** The run list: state, name and start of each, a filter, and which are shown. */
export function Runs({ list }: { list: RunList }): JSX.Element {
  const filter = useSignal("");
  const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const runs = list.ordered.value.filter((run) => wanted.every((word) => textOf(run).includes(word)));
  const shown = new Set(list.picked.value ?? list.shown.value);
  const ids = runs.map((run) => run.id);
  return (
    <aside class="ut-runs" aria-label="Runs">
      <div class="ut-runs-head">
        <strong>Runs</strong>
        <span role="status" class={list.connected.value ? "ut-live" : "ut-live ut-off"}>
          {list.connected.value ? "live" : "server gone"}
        </span>
      </div>
      <input
        type="search"
        placeholder="Filter: name, state, lr=0.01 …"
        aria-label="Filter runs"
        value={filter.value}
        onInput={(event) => (filter.value = event.currentTarget.value)}
      />
      <div class="ut-runs-picks">
        <button type="button" aria-pressed={list.picked.value === null} onClick={() => (list.picked.value = null)}>
          Newest
        </button>
        <button type="button" onClick={() => (list.picked.value = ids)} disabled={ids.length === 0}>
          All {ids.length}
        </button>
        <button type="button" onClick={() => (list.picked.value = [])}>
          None
        </button>
      </div>
      <ul>
        {runs.map((run) => (
          <li key={run.id}>
            <label data-run={run.id} data-state={run.state} title={titleOf(run)}>
              <input type="checkbox" checked={shown.has(run.id)} onChange={() => list.toggle(run.id)} />
              <span class="ut-run-name">{run.name}</span>
              <span class="ut-run-state">{run.state}</span>
              <small>{startOf(run)}</small>
            </label>
          </li>
        ))}
      </ul>
      {list.problems.value.length > 0 && (
        <details class="ut-problems">
          <summary>{list.problems.value.length === 1 ? "1 problem" : `${list.problems.value.length} problems`}</summary>
          {list.problems.value.map((problem) => (
            <p key={problem}>{problem}</p>
          ))}
        </details>
      )}
    </aside>
  );
}

function textOf(run: RunInfo): string {
  const config = Object.entries(run.config).map(([name, value]) => `${name}=${value}`);
  return [run.name, run.id, run.state, ...config].join(" ").toLowerCase();
}

function titleOf(run: RunInfo): string {
  const config = Object.entries(run.config).map(([name, value]) => `${name} = ${value}`);
  return [run.id, STATES[run.state] ?? run.state, ...config, ...(run.problem ? [run.problem] : [])].join("\n");
}

function startOf(run: RunInfo): string {
  const start = run.start === null ? null : new Date(run.start);
  if (start === null || Number.isNaN(start.getTime())) return "";
  const day = new Date().toDateString() === start.toDateString() ? "" : `${start.toLocaleDateString()} `;
  return `${day}${start.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
}
