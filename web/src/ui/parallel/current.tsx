import type { JSX } from "preact";
import type { Lens } from "../lens";
import type { PlotModel } from "./model";
import { yOf } from "./geometry";

/** A stretch of neighbouring axes with one domain, upright or all inverted alike: heights compare along a line. */
export interface Stretch {
  readonly axes: readonly string[];
  readonly share: string;
}

/** The stretches among the axes as they stand now. */
export function stretches(model: PlotModel): Stretch[] {
  const { lens } = model;
  const found: { axes: string[]; share: string }[] = [];
  let previous = "";
  for (const name of lens.drawn.value) {
    const { share } = lens.info(name);
    const key = share && `${share} ${lens.inverted.value.has(name)}`;
    if (key && key === previous) found.at(-1)!.axes.push(name);
    else if (key) found.push({ axes: [name], share });
    previous = key;
  }
  return found.filter((stretch) => stretch.axes.length > 1);
}

/**
 * Which way the current runs along a stretch: 1 from the loss to the input, as the frame orders its layers, −1 against it;
 * 0 where they are out of order, or stand in several stretches, and no arrow would be true.
 */
function directionOf(lens: Lens, { axes, share }: Stretch): number {
  const order = lens.engine.frame.columns.map((column) => column.name);
  if (lens.drawn.value.filter((name) => lens.info(name).share === share).length > axes.length) return 0;
  const steps = axes.slice(1).map((name, i) => order.indexOf(name) - order.indexOf(axes[i]!));
  return steps.every((step) => step > 0) ? 1 : steps.every((step) => step < 0) ? -1 : 0;
}

/** Level lines across axes that share a domain, and over them which way the current runs. */
export function Current({ model, flow }: { model: PlotModel; flow: boolean }): JSX.Element {
  const { lens } = model;
  const g = model.geometry.value;
  return (
    <g class="ut-current">
      {stretches(model).map((stretch) => {
        const [first, last] = [stretch.axes[0]!, stretch.axes.at(-1)!];
        const xs = stretch.axes.map((name) => model.x(name));
        const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
        const levels = lens
          .scale(first)
          .ticks(g.foot - g.head)
          .filter((tick) => tick.label);
        const way = flow ? directionOf(lens, stretch) : 0;
        const ends = way < 0 ? ["input", "loss"] : ["loss", "input"];
        return (
          <g key={`${first} ${last}`}>
            {levels.map((tick) => (
              <line
                key={tick.value}
                class="ut-level"
                x1={x0}
                x2={x1}
                y1={yOf(tick.position, model.flip(first), g)}
                y2={yOf(tick.position, model.flip(first), g)}
              />
            ))}
            {way !== 0 && (
              <g class="ut-direction" transform={`translate(0 ${g.direction})`}>
                <line x1={x0} x2={x1 - 2} />
                <path d={`M${x1 - 8} -4.5 L${x1 - 1} 0 L${x1 - 8} 4.5`} />
                <text x={x0} text-anchor="start" dy="0.34em">
                  {ends[0]}
                </text>
                <text x={(x0 + x1) / 2} text-anchor="middle" dy="0.34em">
                  backward pass
                </text>
                <text x={x1 - 14} text-anchor="end" dy="0.34em">
                  {ends[1]}
                </text>
              </g>
            )}
          </g>
        );
      })}
    </g>
  );
}
