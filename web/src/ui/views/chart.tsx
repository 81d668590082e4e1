import type { ComponentChildren, JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { SLOT_LABELS } from "../../core/scale";
import { fitted, textWidth } from "../parallel/text";
import type { ChartFrame, Side } from "./chart-layout";
import { layOutChart } from "./chart-layout";
import { usePainting } from "./painting";
import { useSize } from "./use-size";

/** How far a hand moves before a press becomes a drag, in pixels. */
const SLACK = 4;

/** A point of a chart, in CSS pixels from its top left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What a hand does on a chart. */
export interface ChartHand {
  readonly hover?: (at: Point | null, frame: ChartFrame) => void;
  readonly press?: (at: Point, frame: ChartFrame, event: PointerEvent) => void;
  /** Called while the hand moves, and at the end once more. */
  readonly drag?: (from: Point, to: Point, frame: ChartFrame, event: PointerEvent, ended: boolean) => void;
  readonly double?: () => void;
  readonly keys?: (event: KeyboardEvent, frame: ChartFrame) => void;
  readonly enter?: () => void;
}

interface ChartProps extends ChartHand {
  readonly label: string;
  readonly x: Side;
  readonly y: Side;
  /** Whether a finger that moves up or down scrolls the page. */
  readonly pans?: boolean;
  readonly paint: (context: CanvasRenderingContext2D, frame: ChartFrame) => void;
  /** What the painting depends on. */
  readonly inputs: readonly unknown[];
  /** Drawn above the painting. */
  readonly overlay?: (frame: ChartFrame) => ComponentChildren;
  /** Elements above the chart. */
  readonly children?: (frame: ChartFrame) => ComponentChildren;
}

/** Two axes around a canvas: what all charts beside the plot are made of. */
export function Chart(props: ChartProps): JSX.Element {
  const { label, x, y, paint, inputs, overlay, children, pans } = props;
  const root = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(root);
  const frame = useMemo(() => layOutChart(width, height, x, y), [width, height, x, y]);
  const visible = width > 60 && height > 60;
  usePainting(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const ratio = devicePixelRatio;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (context.canvas.width !== w || context.canvas.height !== h)
      Object.assign(context.canvas, { width: w, height: h });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    paint(context, frame);
  }, [frame, visible, ...inputs]);
  const hand = useHand(root, frame, props);
  return (
    <div
      class="ut-chart"
      ref={root}
      role="application"
      aria-roledescription="chart"
      aria-label={label}
      tabIndex={0}
      style={{ touchAction: pans ? "pan-y" : "none" }}
      {...hand}
    >
      {visible && (
        <>
          <canvas ref={canvas} aria-hidden="true" />
          <svg width={width} height={height} aria-hidden="true">
            <Axes frame={frame} x={x} y={y} />
            {overlay?.(frame)}
          </svg>
          {children?.(frame)}
        </>
      )}
    </div>
  );
}

/** Where an event happened within an element. */
function pointOf(element: HTMLElement, { clientX, clientY }: MouseEvent): Point {
  const box = element.getBoundingClientRect();
  return { x: clientX - box.left, y: clientY - box.top };
}

/** Tells presses, drags and hovering apart. */
function useHand(root: { readonly current: HTMLElement | null }, frame: ChartFrame, hand: ChartHand) {
  const down = useRef<{ readonly at: Point; dragging: boolean } | null>(null);
  const end = (event: PointerEvent, whole: boolean) => {
    const start = down.current;
    down.current = null;
    if (!start || !whole) return;
    const at = pointOf(root.current!, event);
    if (start.dragging) hand.drag?.(start.at, at, frame, event, true);
    else hand.press?.(at, frame, event);
  };
  return {
    onPointerDown(event: PointerEvent) {
      if (event.button !== 0 || (event.target as Element).closest("button")) return;
      root.current!.setPointerCapture(event.pointerId);
      down.current = { at: pointOf(root.current!, event), dragging: false };
    },
    onPointerMove(event: PointerEvent) {
      const at = pointOf(root.current!, event);
      const start = down.current;
      if (!start) return hand.hover?.(at, frame);
      start.dragging ||= Math.hypot(at.x - start.at.x, at.y - start.at.y) > SLACK;
      if (start.dragging) hand.drag?.(start.at, at, frame, event, false);
    },
    onPointerUp: (event: PointerEvent) => end(event, true),
    onPointerCancel: (event: PointerEvent) => end(event, false),
    onPointerEnter: () => hand.enter?.(),
    onPointerLeave: () => hand.hover?.(null, frame),
    onDblClick: () => hand.double?.(),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.target === root.current && !event.ctrlKey && !event.metaKey) hand.keys?.(event, frame);
    },
    onBlur: () => hand.hover?.(null, frame),
  };
}

/** Lines, ticks and names of the two sides. */
function Axes({ frame, x, y }: { readonly frame: ChartFrame; readonly x: Side; readonly y: Side }): JSX.Element {
  const { left, right, top, bottom, width } = frame;
  const across = (label: string, middle: number) => {
    const half = textWidth(label, "500 11.5px") / 2;
    return Math.min(width - half - 2, Math.max(half + 2, middle));
  };
  const below = frame.y(frame.ySlots.length ? Math.max(...frame.ySlots.filter((slot) => slot > 2), 0) : 0);
  const foot = Math.max(bottom, frame.ySlots.some((slot) => slot > 2) ? below + 8 : bottom);
  return (
    <g class="ut-chart-axes">
      <path d={`M${left} ${top}V${bottom}H${right}`} />
      {frame.yTicks.map(({ position, label }, i) => (
        <g key={i} class="ut-chart-tick ut-up">
          <path d={`M${left - (label ? 4 : 2)} ${frame.y(position)}H${left}`} />
          {label && (
            <text x={left - 7} y={frame.y(position)} dy="0.35em">
              <title>{label}</title>
              {fitted(label, left - 10)}
            </text>
          )}
        </g>
      ))}
      {frame.xTicks.map(({ position, label }, i) => (
        <g key={i} class="ut-chart-tick ut-across">
          <path d={`M${frame.x(position)} ${foot}v${label ? 4 : 2}`} />
          {label && (
            <text x={across(fitted(label, 120), frame.x(position))} y={foot + 15}>
              <title>{label}</title>
              {fitted(label, 120)}
            </text>
          )}
        </g>
      ))}
      {frame.ySlots.map((slot) => (
        <g key={slot} class="ut-chart-slot ut-up">
          <path d={`M${left} ${frame.y(slot)}H${right}`} />
          <text x={left - 7} y={frame.y(slot)} dy="0.35em">
            {SLOT_LABELS[slot]}
          </text>
        </g>
      ))}
      {frame.xSlots.map((slot) => (
        <g key={slot} class="ut-chart-slot ut-across">
          <path d={`M${frame.x(slot)} ${top}V${bottom}`} />
          <text x={across(SLOT_LABELS[slot], frame.x(slot))} y={top - 6}>
            {SLOT_LABELS[slot]}
          </text>
        </g>
      ))}
      <text class="ut-chart-name" x={8} y={13}>
        {fitted(y.label, width - 16)}
      </text>
      <text class="ut-chart-name ut-end" x={right} y={frame.height - 6}>
        {fitted(x.label, width - 16)}
      </text>
    </g>
  );
}
