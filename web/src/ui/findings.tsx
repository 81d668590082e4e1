import type { JSX } from "preact";
import type { Finding } from "../engine/engine";

const SEVERITY = { info: "Note", warning: "Warning", error: "Error" } as const;

interface FindingsProps {
  readonly findings: readonly Finding[];
  /** Whether a finding's evidence lies on the axes. */
  readonly shows: (finding: Finding) => boolean;
  readonly onPress: (finding: Finding) => void;
}

/** What the training has to say, in sentences; a press lays the evidence on the axes, another takes it off. */
export function Findings({ findings, shows, onPress }: FindingsProps): JSX.Element | null {
  if (findings.length === 0) return null;
  return (
    <ul class="ut-findings" aria-label="Findings">
      {findings.map((finding, i) => (
        <li key={i}>
          <button
            type="button"
            class={`ut-finding ut-${finding.severity}`}
            data-kind={finding.kind}
            aria-pressed={shows(finding)}
            title={`${finding.advice}\n\n${finding.source}`}
            onClick={() => onPress(finding)}
          >
            <span class="ut-severity">{SEVERITY[finding.severity]}</span>
            <span class="ut-sentence">{finding.sentence}</span>
            {shows(finding) && <span class="ut-advice">{finding.advice}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}
