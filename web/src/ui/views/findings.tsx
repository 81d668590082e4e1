import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { formatCount, formatNumber } from "../../core/format";
import type { Finding } from "../../engine/engine";
import type { FindingList } from "../finding-list";
import { SEVERITY } from "../finding-list";
import type { Views } from "./state";
import { ViewFrame } from "./view-frame";

/** So many are listed at once; a press lists as many again. */
const PAGE = 100;
/** Names of layers that are written out. */
const FEW_LAYERS = 4;

interface FindingsViewProps {
  readonly views: Views;
  readonly findings: FindingList;
}

/** Every finding with what it rests on; a press lays its evidence on the axes. */
export function FindingsView({ views, findings }: FindingsViewProps): JSX.Element {
  const [kind, setKind] = useState("");
  const [run, setRun] = useState("");
  const [most, setMost] = useState(PAGE);
  const kinds = [...new Set(findings.all.map((finding) => finding.kind))].sort();
  const runs = findings.several ? [...new Set(findings.all.map((finding) => finding.run))].sort() : [];
  // What is chosen may be gone when a training goes on.
  const [ofKind, ofRun] = [kinds.includes(kind) ? kind : "", runs.includes(run) ? run : ""];
  const wanted = findings.all.filter((each) => (!ofKind || each.kind === ofKind) && (!ofRun || each.run === ofRun));
  return (
    <ViewFrame
      name="findings"
      views={views}
      controls={
        <>
          {kinds.length > 1 && (
            <Choice face="Kind" label="Kind of finding" value={ofKind} values={kinds} onChange={setKind} />
          )}
          {runs.length > 1 && <Choice face="Run" label="Run" value={ofRun} values={runs} onChange={setRun} />}
        </>
      }
    >
      {findings.all.length === 0 && <p class="ut-none">Nothing was found.</p>}
      <ul class="ut-finding-list" aria-label="All findings">
        {wanted.slice(0, most).map((finding) => (
          <Entry key={`${finding.run}\n${finding.kind}\n${finding.sentence}`} finding={finding} findings={findings} />
        ))}
        {wanted.length > most && (
          <li>
            <button type="button" class="ut-button" onClick={() => setMost(most + PAGE)}>
              {formatCount(wanted.length - most)} more
            </button>
          </li>
        )}
      </ul>
    </ViewFrame>
  );
}

function Entry({ finding, findings }: { readonly finding: Finding; readonly findings: FindingList }): JSX.Element {
  const { severity, kind, run, sentence, advice, source, numbers, layers } = finding;
  const shown = findings.shows(finding);
  return (
    <li class={`ut-${severity}`} data-kind={kind}>
      <button
        type="button"
        aria-pressed={shown}
        title={shown ? "Take its evidence off the axes" : "Lay its evidence on the axes"}
        onClick={() => void findings.press(finding)}
      >
        <span class="ut-severity">{SEVERITY[severity]}</span>
        <span class="ut-sentence">
          {findings.several && <b>{run}: </b>}
          {sentence}
        </span>
      </button>
      <p>{advice}</p>
      <dl>
        <Fact name="Rule">{kind}</Fact>
        <Fact name="Steps">{stepsOf(finding)}</Fact>
        <Fact name={layers.length === 1 ? "Layer" : "Layers"}>
          {layers.slice(0, FEW_LAYERS).join(", ")}
          {layers.length > FEW_LAYERS && ` and ${layers.length - FEW_LAYERS} more`}
        </Fact>
        {numbers.map(({ name, value, threshold, unit }) => (
          <Fact key={name} name={capital(name)}>
            {figure(value, unit)} <small>(threshold {figure(threshold, unit)})</small>
          </Fact>
        ))}
        <Fact name="Source">
          <Source text={source} />
        </Fact>
      </dl>
    </li>
  );
}

/** A name and what it is; nothing where it is nothing. */
function Fact({ name, children }: { readonly name: string; readonly children: unknown }): JSX.Element | null {
  const parts = [children].flat().filter((part) => part !== "" && part !== null && part !== false);
  if (parts.length === 0) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{parts as JSX.Element[]}</dd>
    </div>
  );
}

/** A source with its address as a link. */
function Source({ text }: { readonly text: string }): JSX.Element {
  const [address] = /https:\/\/[^\s)>\]]+/.exec(text) ?? [];
  if (!address) return <>{text}</>;
  const [before, after] = text.split(address, 2);
  return (
    <>
      {before}
      <a href={address} target="_blank" rel="noreferrer noopener">
        {address.replace("https://", "")}
      </a>
      {after}
    </>
  );
}

interface ChoiceProps {
  readonly face: string;
  readonly label: string;
  readonly value: string;
  readonly values: readonly string[];
  readonly onChange: (value: string) => void;
}

function Choice({ face, label, value, values, onChange }: ChoiceProps): JSX.Element {
  return (
    <label>
      <span>{face}</span>
      <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">all</option>
        {values.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  );
}

function stepsOf({ first_step: first, last_step: last }: Finding): string {
  if (first === null) return "";
  return last === null || last === first ? formatCount(first) : `${formatCount(first)}–${formatCount(last)}`;
}

function figure(value: number | null, unit: string): string {
  return value === null ? "not finite" : `${formatNumber(value, 3)}${unit}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
