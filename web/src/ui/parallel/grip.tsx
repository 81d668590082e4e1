import { useRef } from "preact/hooks";
import type { JSX } from "preact";
import { own } from "../../core/own";
import { LEAST_GAP, MOST_GAP } from "./geometry";
import type { PlotModel } from "./model";

/** A key moves an axis by so many pixels. */
const STEP = 16;

/** The grip at the foot of an axis: drag it to set how far the axis stands from the one before, double-click to reset. */
export function Grip({ model, name }: { model: PlotModel; name: string }): JSX.Element | null {
  const press = useRef<{ readonly x: number; readonly gap: number } | null>(null);
  const { lens } = model;
  const { xs, grips } = model.geometry.value;
  const axes = lens.drawn.value;
  const i = axes.indexOf(name);
  if (i < 1) return null;
  const gap = xs[i]! - xs[i - 1]!;
  const label = (axis: string) => lens.info(axis).label || axis;
  const set = (to: number | null) =>
    lens.arrangement.setGap(name, to === null ? null : Math.min(MOST_GAP, Math.max(LEAST_GAP, to)));
  return (
    <g
      class={own(lens.arrangement.gaps.value, name) === undefined ? "ut-grip" : "ut-grip ut-grip-set"}
      transform={`translate(0 ${grips})`}
      role="slider"
      tabindex={0}
      aria-label={`Distance from ${label(axes[i - 1]!)} to ${label(name)}`}
      aria-valuemin={LEAST_GAP}
      aria-valuemax={MOST_GAP}
      aria-valuenow={Math.round(gap)}
      aria-valuetext={`${Math.round(gap)} pixels`}
      // See `useBrushing`: or a finger would pan.
      onTouchStart={(event) => event.preventDefault()}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        press.current = { x: event.clientX, gap };
        event.stopPropagation();
      }}
      onPointerMove={(event) => {
        if (!press.current) return;
        lens.hover(null);
        set(press.current.gap + event.clientX - press.current.x);
        model.motion.settle();
        event.stopPropagation();
      }}
      onPointerUp={() => (press.current = null)}
      onPointerCancel={() => (press.current = null)}
      onDblClick={() => set(null)}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft" || event.key === "ArrowDown") set(gap - STEP);
        else if (event.key === "ArrowRight" || event.key === "ArrowUp") set(gap + STEP);
        else if (event.key === "Delete" || event.key === "Backspace") set(null);
        else return;
        event.preventDefault();
      }}
    >
      <title>Drag to move apart, double-click to space evenly again</title>
      <rect class="ut-grip-reach" x={-14} y={-9} width={28} height={20} />
      <path d="M-7 0H7M-4 -3.5L-7.5 0L-4 3.5M4 -3.5L7.5 0L4 3.5" />
    </g>
  );
}
