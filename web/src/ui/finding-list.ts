import type { Finding } from "../engine/engine";
import { own } from "../core/own";
import type { Session } from "./session";

export const SEVERITY = { error: "Error", warning: "Warning", info: "Note" } as const;
const GRAVITY = Object.keys(SEVERITY) as readonly (keyof typeof SEVERITY)[];
/** So many stand above the plot and on its axes; a sweep has hundreds, which would push it off the screen. */
const FEW = 2;

/** A stretch of an axis on which a finding rests. */
export interface Mark {
  readonly finding: Finding;
  readonly range: readonly [number, number];
}

/** What was found in the trainings that are shown, the gravest first, and what pressing one does. */
export class FindingList {
  readonly all: readonly Finding[];
  /** Whether they are of several runs, so that each has to say of which. */
  readonly several: boolean;
  readonly #session: Session;

  constructor(session: Session) {
    const { findings } = session.document.value;
    this.#session = session;
    this.all = GRAVITY.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
    this.several = new Set(findings.map(({ run }) => run)).size > 1;
  }

  /** The gravest, and the one whose evidence shows. */
  get first(): readonly Finding[] {
    return this.all.filter((finding, i) => i < FEW || this.shows(finding));
  }

  /** Whether a finding's evidence, and nothing else, lies on the axes. */
  shows({ lens, filters }: Finding): boolean {
    const current = this.#session.current.value;
    return current?.engine.frame.lens === lens && current.showsEvidence(filters);
  }

  /** Turns to the lens of a finding and lays its evidence on the axes; where it lies there, takes it off. */
  async press(finding: Finding): Promise<void> {
    const { current, lenses } = this.#session;
    if (this.shows(finding)) return current.value?.clear();
    const target = lenses.value.find(({ engine }) => engine.frame.lens === finding.lens) ?? current.value;
    await target?.open();
    target?.showEvidence(finding.filters);
    current.value = target;
  }

  /** Where the first of the findings lie on an axis of the lens in front. */
  marks(name: string): readonly Mark[] {
    const lens = this.#session.current.value?.engine.frame.lens;
    return this.first.flatMap((finding): Mark[] => {
      const { first_step: first, last_step: last } = finding;
      if (lens === finding.lens) return (own(finding.filters, name)?.ranges ?? []).map((range) => ({ finding, range }));
      // Steps mean the same in every lens.
      return name === "step" && first !== null ? [{ finding, range: [first, last ?? first] }] : [];
    });
  }
}
