import type { ReadonlySignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { css } from "../core/colour";
import { digitsWithin, fullLabel, formatValue } from "../core/format";
import { own } from "../core/own";
import { useBeside } from "./beside";
import { colourOf } from "./parallel/traces";
import type { Hovered, Lens } from "./lens";
import type { Theme } from "./theme";

/** More lines than this would cover the plot that they explain. */
const MOST = 14;

interface TooltipProps {
  readonly lens: Lens;
  readonly theme: Theme;
  readonly at: Pick<ReadonlySignal<{ readonly x: number; readonly y: number }>, "value">;
  readonly size: { readonly width: number; readonly height: number };
  /** The view that it belongs to: it shows what is taken up there. */
  readonly from?: string;
}

/** What the highlighted line holds, beside the pointer. */
export function Tooltip({ lens, theme, at, size, from = "plot" }: TooltipProps): JSX.Element | null {
  const box = useRef<HTMLDivElement>(null);
  const hovered = lens.hovered.value;
  useBeside(box, at.value, size, 18, 6);
  if (hovered?.from !== from) return null;
  const { values } = hovered;
  const seen = new Set(lens.inView.value ?? []);
  const names = lens.wanted.value.filter((name) => own(values, name) && !lens.folds.auxiliary.has(name));
  // Of more than there is room for, those that can be seen.
  if (names.length > MOST) names.sort((a, b) => Number(seen.has(b)) - Number(seen.has(a)));
  const kin = relations(lens);
  const shown = names.length > MOST ? names.slice(0, MOST - 1) : names;
  return (
    <div class="ut-tooltip" ref={box} role="status" style={{ borderColor: css(colourOf(lens, values, theme)) }}>
      <table>
        <tbody>
          {shown.map((name) => {
            const text = valueOf(lens, values, name);
            return (
              <tr key={name}>
                <th>{fullLabel(lens.info(name))}</th>
                <td class={text ? "" : "ut-absent"}>{text || "missing"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {shown.length < names.length && <p>and {names.length - shown.length} more</p>}
      {kin && <p>{kin}</p>}
    </div>
  );
}

/** A value with the digits that tell it from others; how far the group spreads that it is the median of. */
function valueOf(lens: Lens, values: Hovered["values"], name: string): string {
  const info = lens.info(name);
  const { min, max } = lens.summary(name);
  const digits = digitsWithin(min, max);
  const text = formatValue(info, values[name]!, 0, digits);
  if (!info.fold || !text) return text;
  const [low, high] = [info.fold.low, info.fold.high].map((end) => {
    const vector = own(values, end);
    return vector ? formatValue(info, vector, 0, digits) : "";
  });
  return low && high ? `${text} (${low} … ${high})` : text;
}

/** How many lines the one under the pointer descends from, and how many from it. */
function relations(lens: Lens): string {
  const found = lens.lineage.relatives.value;
  const count = (side: string) => found.filter((relative) => relative.side === side).length;
  const [up, down] = [count("ancestor"), count("descendant")];
  const say = (many: number, one: string) => (many ? [`${many} ${one}${many === 1 ? "" : "s"}`] : []);
  return [...say(up, "ancestor"), ...say(down, "descendant")].join(", ");
}
