import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { brushBetween, extent } from "../core/brush";
import { css, rampColour } from "../core/colour";
import { formatNumber, formatTime } from "../core/format";
import { own } from "../core/own";
import type { Tick } from "../core/scale";
import type { Lens } from "./lens";
import type { Theme } from "./theme";

const WIDTH = 190;
/** What an arrow key moves an end by, as a share of the bar. */
const STEP = 0.02;

/** The ramp with the column's own ticks. A drag along it brushes the column, also one that is no axis; a press clears. */
export function ColourBar({ lens, theme, name }: { lens: Lens; theme: Theme; name: string }): JSX.Element {
  const bar = useRef<HTMLDivElement>(null);
  const scale = lens.scale(name);
  const categories = lens.categories(name);
  const label = lens.info(name).label || name;
  const ticks = spaced(scale.ticks(WIDTH).filter((tick) => tick.label));
  const stops = Array.from({ length: 33 }, (_, i) => css(rampColour(theme.palette.value.ramp, i / 32)));
  const brushed = (own(lens.brushes.value, name) ?? []).flatMap((brush) => {
    const at = extent(brush, scale, categories);
    return at ? [at] : [];
  });
  const [foot, head] = [Math.min(1, ...brushed.map(([a]) => a)), Math.max(0, ...brushed.map(([, b]) => b))];
  const ends: readonly [number, number] = brushed.length ? [Math.max(0, foot), Math.min(1, head)] : [0, 1];
  const select = (p: number, q: number) => {
    const brush =
      p === q || (Math.min(p, q) <= 0 && Math.max(p, q) >= 1) ? null : brushBetween(p, q, scale, categories);
    lens.setBrushes(name, brush ? [brush] : []);
  };
  const at = (event: PointerEvent) => {
    const box = bar.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const press = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const start = at(event);
    bar.current!.setPointerCapture(event.pointerId);
    const move = (next: PointerEvent) => select(start, at(next));
    const end = (next: PointerEvent) => {
      if (Math.abs(at(next) - start) < 0.01) lens.setBrushes(name, []);
      for (const type of ["pointermove", "pointerup", "pointercancel"] as const)
        bar.current?.removeEventListener(type, type === "pointermove" ? move : end);
    };
    bar.current!.addEventListener("pointermove", move);
    bar.current!.addEventListener("pointerup", end);
    bar.current!.addEventListener("pointercancel", end);
  };
  const keys = (which: 0 | 1) => (event: KeyboardEvent) => {
    const step = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") lens.setBrushes(name, []);
    if (step === undefined) return;
    event.preventDefault();
    const moved = Math.min(1, Math.max(0, ends[which] + step));
    select(which === 0 ? Math.min(moved, ends[1]) : ends[0], which === 1 ? Math.max(moved, ends[0]) : ends[1]);
  };
  const worth = (position: number) => scale.invert(Math.min(1, Math.max(0, position)));
  const time = lens.info(name).kind === "time";
  const said = (position: number) =>
    categories?.[worth(position)] ?? (time ? formatTime(worth(position)) : formatNumber(worth(position)));
  return (
    <div
      class="ut-ramp"
      style={{ width: `${WIDTH}px` }}
      role="group"
      aria-label={`${label}: colours from ${ticks[0]?.label ?? ""} to ${ticks.at(-1)?.label ?? ""}`}
      title="Drag to select by colour"
    >
      <div class="ut-ramp-bar" ref={bar} onPointerDown={press}>
        <div style={{ background: `linear-gradient(to right, ${stops.join(",")})` }} />
        {brushed.map(([p, q], i) => (
          <i key={i} style={{ left: `${100 * Math.max(0, p)}%`, right: `${100 * (1 - Math.min(1, q))}%` }} />
        ))}
        {([0, 1] as const).map((which) => (
          <b
            key={which}
            role="slider"
            tabIndex={0}
            aria-label={`${which === 0 ? "Lowest" : "Highest"} ${label} selected by colour`}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(100 * ends[which])}
            aria-valuetext={said(ends[which])}
            style={{ left: `${100 * ends[which]}%` }}
            onKeyDown={keys(which)}
          />
        ))}
      </div>
      {ticks.map((tick) => (
        <span
          key={tick.value}
          style={{ left: `${100 * tick.position}%` }}
          class={tick.position < 0.05 ? "ut-first" : tick.position > 0.95 ? "ut-last" : ""}
        >
          {tick.label}
        </span>
      ))}
    </div>
  );
}

/** The two ends, and of the ticks between them those whose labels have room: about 6.5 px a character. */
function spaced(ticks: readonly Tick[]): Tick[] {
  const sorted = [...ticks].sort((a, b) => a.position - b.position);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (!first || !last || first === last) return sorted;
  const end = WIDTH * last.position - 6.5 * last.label.length - 8;
  let reached = WIDTH * first.position + 6.5 * first.label.length + 8;
  const inner = sorted.slice(1, -1).filter((tick) => {
    const [x, half] = [WIDTH * tick.position, 3.25 * tick.label.length];
    if (x - half < reached || x + half > end) return false;
    reached = x + half + 8;
    return true;
  });
  return [first, ...inner, last];
}
