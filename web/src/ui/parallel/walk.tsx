import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { formatValue, fullLabel } from "../../core/format";
import { EVERYTHING } from "../../core/filter";
import type { PlotModel } from "./model";
import { own } from "../../core/own";

const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowRight: 1,
  ArrowUp: -1,
  ArrowLeft: -1,
  PageDown: 10,
  PageUp: -10,
  Home: -Infinity,
  End: Infinity,
};

/** The lines for the keyboard: arrows walk through those selected, Enter pins the one that is lit. */
export function LineWalk({ model }: { model: PlotModel }): JSX.Element {
  const { lens } = model;
  const at = useRef(-1);
  const asked = useRef(0);
  const { rows } = lens.count.value;
  const hovered = lens.hovered.value;
  const said =
    hovered &&
    lens.axes.value
      .slice(0, 12)
      .flatMap((name) => {
        const vector = own(hovered.values, name);
        return vector ? [`${fullLabel(lens.info(name))} ${formatValue(lens.info(name), vector, 0) || "missing"}`] : [];
      })
      .join(", ");
  const go = async (step: number) => {
    if (rows === 0) return;
    at.current = Math.min(rows - 1, Math.max(0, at.current < 0 && step > 0 && step < 99 ? 0 : at.current + step));
    const ticket = ++asked.current;
    const filters = lens.filters.peek() ?? EVERYTHING;
    const { ids, columns } = await lens.engine.rows({
      columns: lens.wanted.peek(),
      filters,
      offset: at.current,
      limit: 1,
    });
    if (ticket !== asked.current || ids.length === 0) return;
    const { xs, head } = model.geometry.peek();
    model.pointer.value = { x: (xs[0] ?? 0) - model.scroll.peek() + 40, y: head + 60 };
    lens.hover({ row: ids[0]!, from: "plot", values: columns });
  };
  return (
    <div
      class="ut-walk"
      role="slider"
      tabIndex={0}
      aria-label="Lines: arrow keys walk through the selected ones, Enter pins"
      aria-valuemin={rows ? 1 : 0}
      aria-valuemax={rows}
      aria-valuenow={Math.min(rows, Math.max(rows ? 1 : 0, at.current + 1))}
      aria-valuetext={said ?? "no line"}
      onBlur={() => lens.hover(null)}
      onKeyDown={(event) => {
        const step = own(STEPS, event.key);
        if (step !== undefined) void go(step);
        else if ((event.key === "Enter" || event.key === " ") && hovered && hovered.row >= 0)
          lens.pins.toggle(hovered.row);
        else if (event.key === "Escape") lens.hover(null);
        else return;
        event.preventDefault();
      }}
    />
  );
}
