import type { JSX } from "preact";
import type { Finding } from "../engine/engine";

const SEVERITY = { info: "Note", warning: "Warning", error: "Error" } as const;

interface FindingsProps {
  readonly findings: readonly Finding[];
  readonly shown: Finding | null;
  readonly onShow: (finding: Finding | null) => void;
}

/** What the training has to say, in sentences; a press lays the evidence on the axes, another takes it off. */
export function Findings({ findings, shown, onShow }: FindingsProps): JSX.Element | null {
  if (findings.length === 0) return null;
  return (
    <ul class="ut-findings" aria-label="Findings">
      {findings.map((finding, i) => (
        <li key={i}>
          <button
            type="button"
            class={`ut-finding ut-${finding.severity}`}
            data-kind={finding.kind}
            aria-pressed={finding === shown}
            title={`${finding.advice}\n\n${finding.source}`}
            onClick={() => onShow(finding === shown ? null : finding)}
          >
            <span class="ut-severity">{SEVERITY[finding.severity]}</span>
            <span class="ut-sentence">{finding.sentence}</span>
            {finding === shown && <span class="ut-advice">{finding.advice}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}
