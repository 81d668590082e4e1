import { useRef } from "preact/hooks";
import type { JSX } from "preact";
import { extent } from "../../core/brush";
import { own } from "../../core/own";
import type { Tick } from "../../core/scale";
import { SLOT_LABELS } from "../../core/scale";
import type { Lens } from "../lens";
import type { AxisContext } from "./gestures";
import { CLICK, click, drag, gripAt } from "./gestures";
import type { PlotModel } from "./model";
import { yOf } from "./geometry";

/** Half the width of the strip that takes a brush: a finger's. */
const REACH = 18;

/** One axis: its line, ticks, gutters and brushes. */
export function Axis({ model, name, bare }: { model: PlotModel; name: string; bare: boolean }): JSX.Element {
  const { lens } = model;
  const g = model.geometry.value;
  const flip = model.flip(name);
  const slots = lens.slots(name);
  const ticks = lens.scale(name).ticks(g.foot - g.head);
  const gesture = useBrushing(model, name);
  const [top, bottom] = [
    Math.min(g.head, ...slots.map((slot) => g.slots[slot - 2]!)),
    Math.max(g.foot, ...slots.map((slot) => g.slots[slot - 2]!)),
  ];
  return (
    <g class="ut-axis" transform={`translate(${model.x(name)} 0)`} data-axis={name}>
      <line class="ut-axis-line" y1={g.head} y2={g.foot} />
      {slots.length > 0 && <line class="ut-axis-gutter" y1={g.foot} y2={bottom} />}
      {ticks.map((tick) => (
        <TickMark key={tick.value} tick={tick} y={yOf(tick.position, flip, g)} bare={bare} />
      ))}
      {slots.map((slot) => (
        <g key={slot} class="ut-slot" transform={`translate(0 ${g.slots[slot - 2]!})`}>
          <circle r={3.5} />
          <text x={-9} dy="0.32em">
            {SLOT_LABELS[slot]}
          </text>
        </g>
      ))}
      <rect class="ut-axis-reach" x={-REACH} width={2 * REACH} y={top - 12} height={bottom - top + 24} {...gesture} />
      <Brushes lens={lens} model={model} name={name} />
    </g>
  );
}

function TickMark({ tick, y, bare }: { tick: Tick; y: number; bare: boolean }): JSX.Element {
  return (
    <g class="ut-tick" transform={`translate(0 ${y})`}>
      <line x1={tick.label ? -5 : -3} x2={0} />
      {tick.label && !bare && (
        <text x={-9} dy="0.32em">
          {tick.label}
        </text>
      )}
    </g>
  );
}

function Brushes({ lens, model, name }: { lens: Lens; model: PlotModel; name: string }): JSX.Element {
  const g = model.geometry.value;
  const inverted = Number(lens.inverted.value.has(name));
  const categories = lens.categories(name);
  return (
    <>
      {(own(lens.brushes.value, name) ?? []).map((brush, i) => {
        if (brush.kind === "slot") return <circle key={i} class="ut-brush" cy={g.slots[brush.slot - 2]!} r={8} />;
        const span = extent(brush, lens.scale(name), categories);
        if (!span) return null;
        const [a, b] = span.map((p) => yOf(Math.min(1, Math.max(0, p)), inverted, g)) as [number, number];
        const [y, height] = [Math.min(a, b), Math.max(3, Math.abs(b - a))];
        return (
          <g key={i} class="ut-brush">
            <rect x={-9} width={18} y={y} height={height} rx={4} />
            <line x1={-5} x2={5} y1={y} y2={y} />
            <line x1={-5} x2={5} y1={y + height} y2={y + height} />
          </g>
        );
      })}
    </>
  );
}

type Handlers = Readonly<
  Record<
    "onPointerEnter" | "onPointerDown" | "onPointerMove" | "onPointerUp" | "onPointerCancel",
    (event: PointerEvent) => void
  >
>;

/** Pointer handlers that turn presses on an axis into brushes. */
function useBrushing(model: PlotModel, name: string): Handlers {
  const press = useRef<{
    y: number;
    grip: ReturnType<typeof gripAt>;
    axis: AxisContext;
    moved: boolean;
    add: boolean;
  } | null>(null);
  const { lens } = model;
  const yIn = (event: PointerEvent) =>
    event.clientY - (event.currentTarget as SVGElement).ownerSVGElement!.getBoundingClientRect().top;
  return {
    onPointerEnter() {
      void lens.crowd?.activate(name);
    },
    onPointerDown(event) {
      if (event.button !== 0) return;
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      const axis = model.context(name);
      const y = yIn(event);
      press.current = { y, grip: gripAt(y, axis), axis, moved: false, add: event.shiftKey };
      event.stopPropagation();
    },
    onPointerMove(event) {
      const now = press.current;
      if (!now) {
        const grip = gripAt(yIn(event), model.context(name));
        (event.currentTarget as SVGElement).style.cursor = !grip
          ? "crosshair"
          : grip.part === "body"
            ? "grab"
            : "ns-resize";
        return;
      }
      const y = yIn(event);
      now.moved ||= Math.abs(y - now.y) >= CLICK;
      if (now.moved) lens.setBrushes(name, drag(now.y, y, now.grip, now.add, now.axis));
      lens.hover(null);
      event.stopPropagation();
    },
    onPointerUp() {
      const now = press.current;
      press.current = null;
      if (now && !now.moved) lens.setBrushes(name, click(now.y, now.axis));
    },
    onPointerCancel() {
      if (press.current) lens.setBrushes(name, press.current.axis.brushes);
      press.current = null;
    },
  };
}
