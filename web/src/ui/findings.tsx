import type { JSX } from "preact";
import type { FindingList } from "./finding-list";
import { SEVERITY } from "./finding-list";
import type { Views } from "./views/state";

interface FindingsProps {
  readonly findings: FindingList;
  /** The views that may show the rest; null where nothing can be drawn. */
  readonly views: Views | null;
}

/** What the training has to say, the gravest in sentences; a press lays the evidence on the axes, another takes it off. */
export function Findings({ findings, views }: FindingsProps): JSX.Element | null {
  const { all, first, several } = findings;
  if (all.length === 0) return null;
  const open = views?.open.value.includes("findings") ?? false;
  return (
    <ul class="ut-findings" aria-label="Findings">
      {first.map((finding) => (
        <li key={`${finding.run}\n${finding.kind}\n${finding.sentence}`}>
          <button
            type="button"
            class={`ut-finding ut-${finding.severity}`}
            data-kind={finding.kind}
            aria-pressed={findings.shows(finding)}
            title={`${finding.advice}\n\n${finding.source}`}
            onClick={() => void findings.press(finding)}
          >
            <span class="ut-severity">{SEVERITY[finding.severity]}</span>
            <span class="ut-sentence">
              {several && <b>{finding.run}: </b>}
              {finding.sentence}
            </span>
            {findings.shows(finding) && <span class="ut-advice">{finding.advice}</span>}
          </button>
        </li>
      ))}
      {views && !open && (
        <li>
          <button type="button" class="ut-button" onClick={() => views.toggle("findings")}>
            {all.length > first.length ? `${all.length - first.length} more` : "Why?"}
          </button>
        </li>
      )}
    </ul>
  );
}
