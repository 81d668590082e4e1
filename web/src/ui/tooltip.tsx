import type { ReadonlySignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { css } from "../core/colour";
import { fullLabel, formatValue } from "../core/format";
import { own } from "../core/own";
import { hoveredColour } from "./parallel/hover";
import type { Lens } from "./lens";
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
  const { x, y } = at.value;
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const { offsetWidth: width, offsetHeight: height } = element;
    const left = x + 18 + width > size.width ? x - 18 - width : x + 18;
    const top = Math.max(6, Math.min(size.height - height - 6, y - height / 2));
    element.style.transform = `translate(${Math.max(6, left)}px, ${top}px)`;
  });
  if (hovered?.from !== from) return null;
  const { values } = hovered;
  const names = lens.wanted.value.filter((name) => own(values, name));
  const shown = names.length > MOST ? names.slice(0, MOST - 1) : names;
  return (
    <div class="ut-tooltip" ref={box} role="status" style={{ borderColor: css(hoveredColour(lens, theme)) }}>
      <table>
        <tbody>
          {shown.map((name) => {
            const text = formatValue(lens.info(name), values[name]!, 0);
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
    </div>
  );
}
