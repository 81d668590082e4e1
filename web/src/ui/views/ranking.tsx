import type { JSX } from "preact";
import { Fragment } from "preact";
import { fullLabel } from "../../core/format";
import type { Lens } from "../lens";
import { relations } from "../relations";
import type { Theme } from "../theme";
import { ColumnSelect } from "./column-select";
import type { Views } from "./state";
import { useAnswer } from "./use-answer";
import { ViewFrame } from "./view-frame";

/** Below so little nothing is explained that chance would not. */
const LEAST = 0.005;

interface RankingProps {
  readonly lens: Lens;
  readonly theme: Theme;
  readonly views: Views;
}

/** A column, and how much of the target's entropy it takes away. */
interface Explains {
  readonly name: string;
  readonly share: number;
}

/**
 * What explains a column: the others by the share of its entropy that goes once they are known, I(x; y) / H(y), corrected
 * for what chance alone would show. It finds any relation, not straight ones alone, and says nothing of cause.
 */
export function Ranking({ lens, views }: RankingProps): JSX.Element {
  const choice = views.ranking.value;
  const target = choice !== null && lens.columns.some(({ name }) => name === choice) ? choice : defaultTarget(lens);
  const ranked = useAnswer(lens, [target, lens.base.value], () => rank(lens, target));
  const known = ranked?.target === target ? ranked.list : null;
  const beside = (name: string) => {
    if (!lens.axes.peek().includes(target)) lens.restore(target);
    if (!lens.axes.peek().includes(name)) lens.restore(name);
    const axes = lens.axes.peek().filter((each) => each !== name);
    lens.axes.value = axes.toSpliced(axes.indexOf(target), 0, name);
    lens.arrangement.sought.value = name;
  };
  const order = () => {
    const on = new Set(lens.axes.peek());
    const best = (known ?? []).map(({ name }) => name).filter((name) => on.has(name));
    const others = [...on].filter((name) => name !== target && !best.includes(name));
    // The best stand next to it.
    lens.axes.value = [...others, ...best.reverse(), target];
  };
  return (
    <ViewFrame
      name="ranking"
      views={views}
      controls={
        <>
          <ColumnSelect
            lens={lens}
            face="What explains"
            label="Column to be explained"
            value={target}
            onChange={(name) => (views.ranking.value = name)}
          />
          <button type="button" class="ut-small" disabled={!known} onClick={order}>
            Order the axes so
          </button>
        </>
      }
    >
      <div class="ut-ranking">
        {known?.length === 0 && <p>Nothing explains {fullLabel(lens.info(target))} better than chance would.</p>}
        {sections(lens, known ?? []).map(([title, list]) => (
          <Fragment key={title}>
            {title && <h3>{title}</h3>}
            <ol aria-label={`What explains ${fullLabel(lens.info(target))}`}>
              {list.map(({ name, share }) => (
                <li key={name}>
                  <button
                    type="button"
                    title={`Once ${fullLabel(lens.info(name))} is known, ${percent(share)} of what is uncertain about ${fullLabel(lens.info(target))} is gone. Press to put it beside.`}
                    onClick={() => beside(name)}
                  >
                    <span>{fullLabel(lens.info(name))}</span>
                    <i aria-hidden="true">
                      <b style={{ width: `${100 * share}%` }} />
                    </i>
                    <em>{percent(share)}</em>
                  </button>
                </li>
              ))}
            </ol>
          </Fragment>
        ))}
      </div>
    </ViewFrame>
  );
}

/** Settings apart from what came of them: of a run's metrics one always explains another. */
function sections(lens: Lens, list: readonly Explains[]): readonly (readonly [string, readonly Explains[]])[] {
  if (lens.engine.frame.lens !== "runs") return [["", list]];
  const setting = ({ name }: Explains) => lens.info(name).group === "config";
  const parts = [
    ["Settings", list.filter(setting)],
    ["What came of them", list.filter((each) => !setting(each))],
  ] as const;
  return parts.filter(([, part]) => part.length > 0);
}

/** What colours the lines, else the last axis: what people end with is what they look for. */
function defaultTarget(lens: Lens): string {
  const { color } = lens;
  return color.value ?? lens.axes.value.at(-1) ?? lens.columns[0]!.name;
}

async function rank(lens: Lens, target: string): Promise<{ readonly target: string; readonly list: Explains[] }> {
  const rows = lens.count.peek().left;
  const others = lens.columns
    .map(({ name }) => name)
    // A name for nearly every row explains everything, and says nothing.
    .filter((name) => name !== target && (lens.categories(name)?.length ?? 0) <= rows / 2);
  const found = await relations(
    lens,
    others.map((name) => [name, target] as const),
  );
  const list = found.map(({ corrected, entropies }, i) => ({
    name: others[i]!,
    share: entropies[1] > 0 ? Math.min(1, corrected / entropies[1]) : 0,
  }));
  return { target, list: list.filter(({ share }) => share >= LEAST).sort((a, b) => b.share - a.share) };
}

function percent(share: number): string {
  return `${share < 0.1 ? (100 * share).toFixed(1) : Math.round(100 * share)} %`;
}
