import type { JSX } from "preact";
import type { PlotModel } from "./model";

/** A stretch of neighbouring axes of one group that is unfolded. */
interface Bracket {
  readonly group: string;
  readonly axes: readonly string[];
}

/** Brackets over the axes of unfolded groups, the innermost group of each; a press folds it. */
export function Brackets({ model }: { model: PlotModel }): JSX.Element | null {
  const { lens } = model;
  const brackets = bracketsOf(model);
  if (brackets.length === 0) return null;
  return (
    <>
      {brackets.map(({ group, axes }) => {
        const [x0, x1] = [model.x(axes[0]!), model.x(axes.at(-1)!)];
        const label = lens.info(group).label || group;
        return (
          <button
            key={`${group} ${axes[0]}`}
            type="button"
            class="ut-bracket"
            aria-expanded={true}
            aria-label={`Fold ${label}: ${lens.folds.size(group)} axes`}
            title={`${lens.info(group).fold!.path}: press to fold`}
            style={{ left: `${x0 - 24}px`, top: `${model.geometry.value.brackets}px`, width: `${x1 - x0 + 48}px` }}
            onClick={() => lens.fold(group, true)}
          >
            <span>{axes.length > 1 && label}</span>
          </button>
        );
      })}
    </>
  );
}

function bracketsOf({ lens }: PlotModel): Bracket[] {
  const found: { group: string; axes: string[] }[] = [];
  let previous: string | null = null;
  for (const name of lens.drawn.value) {
    const group = lens.folds.parent(name);
    if (group !== null && group === previous) found.at(-1)!.axes.push(name);
    else if (group !== null) found.push({ group, axes: [name] });
    previous = group;
  }
  return found;
}
