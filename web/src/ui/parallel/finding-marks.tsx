import type { JSX } from "preact";
import type { FindingList } from "../finding-list";
import { yOf } from "./geometry";
import type { PlotModel } from "./model";

/** Pixels from the axis to the first bar, from one bar to the next, and the least length of one. */
const [BESIDE, APART, LEAST] = [7, 6, 4];

interface MarksProps {
  readonly model: PlotModel;
  readonly name: string;
  readonly findings: FindingList;
}

/** Bars beside an axis, over the steps on which findings rest; the flag at the first of them presses the finding. */
export function FindingMarks({ model, name, findings }: MarksProps): JSX.Element | null {
  const { lens } = model;
  const marks = findings.marks(name);
  if (marks.length === 0 || lens.categories(name)) return null;
  const [scale, flip, g] = [lens.scale(name), model.flip(name), model.geometry.value];
  const at = (value: number) => yOf(Math.min(1, Math.max(0, scale.position(value))), flip, g);
  return (
    <>
      {marks.map(({ finding, range }, i) => {
        const [from, to] = [at(range[0]), at(range[1])];
        const x = BESIDE + APART * i;
        const end = Math.abs(to - from) < LEAST ? from + (to <= from ? -LEAST : LEAST) : to;
        return (
          <g key={`${finding.kind} ${finding.run} ${i}`} class={`ut-finding-mark ut-${finding.severity}`}>
            <path d={`M${x} ${from}V${end}`} />
            <path class="ut-flag" d={`M${x} ${from}l11 -5v10z`} onClick={() => void findings.press(finding)}>
              <title>{findings.several ? `${finding.run}: ${finding.sentence}` : finding.sentence}</title>
            </path>
          </g>
        );
      })}
    </>
  );
}
