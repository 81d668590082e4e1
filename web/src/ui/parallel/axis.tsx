import { useRef } from "preact/hooks";
import type { JSX } from "preact";
import { own } from "../../core/own";
import type { Brush } from "../../core/brush";
import { formatNumber, formatShort, formatTime } from "../../core/format";
import type { SlotCode, Tick } from "../../core/scale";
import { SLOT_LABELS } from "../../core/scale";
import type { FindingList } from "../finding-list";
import { Brushes, pressAxis } from "./brushes";
import { FindingMarks } from "./finding-marks";
import type { AxisContext } from "./gestures";
import { CLICK, click, drag, FINGER, gripAt } from "./gestures";
import { Grip } from "./grip";
import type { PlotModel } from "./model";
import { TICK, yOf } from "./geometry";
import { fitted, textWidth } from "./text";

/** Half the width of the strip that takes a brush: a finger's. */
const REACH = 18;

interface AxisProps {
  readonly model: PlotModel;
  readonly name: string;
  /** Without numbers, which another axis of the same domain has. */
  readonly bare: boolean;
  readonly findings: FindingList;
}

/** One axis: its line, ticks, gutters and brushes. */
export function Axis({ model, name, bare, findings }: AxisProps): JSX.Element {
  const { lens } = model;
  const g = model.geometry.value;
  const flip = model.flip(name);
  const slots = lens.slots(name);
  const ticks = lens.scale(name).ticks(g.foot - g.head);
  const label = lens.info(name).label || name;
  const brushed = (slot: SlotCode) =>
    (own(lens.brushes.value, name) ?? []).some((brush) => brush.kind === "slot" && brush.slot === slot);
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
        <TickMark
          key={tick.value}
          tick={tick}
          y={yOf(tick.position, flip, g)}
          bare={bare}
          room={model.room(name)}
          number={lens.info(name).kind === "number"}
        />
      ))}
      <Beyond model={model} name={name} />
      {slots.map((slot) => (
        <g
          key={slot}
          class="ut-slot"
          transform={`translate(0 ${g.slots[slot - 2]!})`}
          role="button"
          tabindex={0}
          aria-label={`${label}: ${SLOT_LABELS[slot]}`}
          aria-pressed={brushed(slot)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            lens.setBrushes(name, click(g.slots[slot - 2]!, model.context(name)));
            event.preventDefault();
          }}
        >
          <circle r={3.5} />
          <text x={-9} dy="0.32em">
            {SLOT_LABELS[slot]}
          </text>
        </g>
      ))}
      <rect
        class="ut-axis-reach"
        x={-REACH}
        width={2 * REACH}
        y={top - 12}
        height={bottom - top + 24}
        role="button"
        tabindex={0}
        aria-label={`${label}: press Enter to brush the axis`}
        onFocus={() => void lens.crowd?.activate(name)}
        onKeyDown={(event) => pressAxis(event, model, name)}
        {...gesture}
      />
      <Brushes lens={lens} model={model} name={name} />
      <FindingMarks model={model} name={name} findings={findings} />
      <Grip model={model} name={name} />
    </g>
  );
}

interface TickMarkProps {
  readonly tick: Tick;
  readonly y: number;
  readonly bare: boolean;
  readonly room: number;
  readonly number: boolean;
}

function TickMark({ tick, y, bare, room, number }: TickMarkProps): JSX.Element {
  const fits = textWidth(tick.label, "500 11.5px") <= room;
  const text = bare ? "" : fits || !number || !tick.label ? fitted(tick.label, room) : formatShort(tick.value);
  const cut = text !== tick.label && text !== "";
  return (
    <g class="ut-tick" transform={`translate(0 ${y})`}>
      <line x1={tick.label ? -5 : -3} x2={0} />
      {text && (
        <text x={-TICK.near} dy="0.32em" class={cut ? "ut-cut" : undefined}>
          {text}
          {cut && <title>{tick.label}</title>}
        </text>
      )}
    </g>
  );
}

/** Marks at the ends of an axis beyond which values lie: they stand there, and are not lost. */
function Beyond({ model, name }: { model: PlotModel; name: string }): JSX.Element | null {
  const { lens } = model;
  const scale = lens.scale(name);
  const g = model.geometry.value;
  const flip = model.flip(name);
  const { min, max } = lens.summary(name);
  const text = (value: number) => (lens.info(name).kind === "time" ? formatTime(value) : formatNumber(value));
  const ends: readonly (readonly [number, number, string])[] = [
    ...(max > scale.domain[1] ? [[1, 1, `values up to ${text(max)} stand here`] as const] : []),
    ...(scale.extent[0] < scale.domain[0] && min < scale.domain[0]
      ? [[0, -1, `values down to ${text(scale.extent[0])} stand here`] as const]
      : []),
  ];
  if (scale.name === "category" || ends.length === 0) return null;
  return (
    <>
      {ends.map(([position, up, title]) => {
        // An inverted axis has its upper end at the foot.
        const way = up * (flip > 0.5 ? -1 : 1);
        return (
          <g key={position} class="ut-beyond" transform={`translate(0 ${yOf(position, flip, g)}) scale(1 ${way})`}>
            <title>{title}</title>
            <path d="M-7 -3L0 -10L7 -3M-7 -8L0 -15L7 -8" />
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
  > & { readonly onDblClick: (event: MouseEvent) => void; readonly onTouchStart: (event: TouchEvent) => void }
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
  /** What a click cleared: a second one brings it back, to be typed. */
  const cleared = useRef<readonly Brush[]>([]);
  const { lens } = model;
  const yIn = (event: PointerEvent) =>
    event.clientY - (event.currentTarget as SVGElement).ownerSVGElement!.getBoundingClientRect().top;
  return {
    // Chromium pans in spite of `touch-action: none` on what lies within an SVG, and takes the finger away from a brush.
    onTouchStart(event) {
      event.preventDefault();
    },
    onPointerEnter() {
      void lens.crowd?.activate(name);
    },
    onPointerDown(event) {
      if (event.button !== 0) return;
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      const axis = model.context(name);
      const y = yIn(event);
      press.current = {
        y,
        grip: gripAt(y, axis, event.pointerType === "touch" ? FINGER : undefined),
        axis,
        moved: false,
        add: event.shiftKey,
      };
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
      if (!now || now.moved) return;
      if (now.axis.brushes.length) cleared.current = now.axis.brushes;
      lens.setBrushes(name, click(now.y, now.axis));
    },
    onDblClick(event) {
      if (lens.categories(name)) return;
      const span = [...cleared.current, ...model.context(name).brushes];
      if (
        !gripAt(event.clientY - (event.currentTarget as SVGElement).ownerSVGElement!.getBoundingClientRect().top, {
          ...model.context(name),
          brushes: span,
        })
      )
        return;
      lens.setBrushes(name, cleared.current);
      cleared.current = [];
      model.editing.value = name;
    },
    onPointerCancel() {
      if (press.current) lens.setBrushes(name, press.current.axis.brushes);
      press.current = null;
    },
  };
}
