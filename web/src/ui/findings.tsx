import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Finding } from "../engine/engine";

const SEVERITY = { info: "Note", warning: "Warning", error: "Error" } as const;
const GRAVITY = ["error", "warning", "info"] as const;
/** So many stand above the plot; a sweep has hundreds, which would push it off the screen. */
const FEW = 2;

interface FindingsProps {
  readonly findings: readonly Finding[];
  /** Whether a finding's evidence lies on the axes. */
  readonly shows: (finding: Finding) => boolean;
  readonly onPress: (finding: Finding) => void;
}

/**
 * What the training has to say, in sentences, the gravest first; a press lays the evidence on the axes, another takes it
 * off.
 */
export function Findings({ findings, shows, onPress }: FindingsProps): JSX.Element | null {
  const [all, setAll] = useState(false);
  if (findings.length === 0) return null;
  const sorted = GRAVITY.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
  const shown = all ? sorted : sorted.filter((finding, i) => i < FEW || shows(finding));
  const several = new Set(findings.map(({ run }) => run)).size > 1;
  return (
    <ul class={all ? "ut-findings ut-all" : "ut-findings"} aria-label="Findings">
      {shown.map((finding) => (
        <li key={`${finding.run}\n${finding.kind}\n${finding.sentence}`}>
          <button
            type="button"
            class={`ut-finding ut-${finding.severity}`}
            data-kind={finding.kind}
            aria-pressed={shows(finding)}
            title={`${finding.advice}\n\n${finding.source}`}
            onClick={() => onPress(finding)}
          >
            <span class="ut-severity">{SEVERITY[finding.severity]}</span>
            <span class="ut-sentence">
              {several && <b>{finding.run}: </b>}
              {finding.sentence}
            </span>
            {shows(finding) && <span class="ut-advice">{finding.advice}</span>}
          </button>
        </li>
      ))}
      {findings.length > FEW && (
        <li>
          <button type="button" class="ut-button" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Fewer" : `${findings.length - FEW} more`}
          </button>
        </li>
      )}
    </ul>
  );
}
