import { useRef } from "preact/hooks";
import type { JSX } from "preact";
import { move, nearestSlot } from "../../core/order";
import { fullLabel } from "../../core/format";
import { AxisMenu } from "./axis-menu";
import { CLICK } from "./gestures";
import type { PlotModel } from "./model";

/** The name of an axis: drag it to reorder, click it to invert, open its menu for the rest. */
export function AxisLabel({ model, name, bare }: { model: PlotModel; name: string; bare: boolean }): JSX.Element {
  const { lens } = model;
  const g = model.geometry.value;
  const info = lens.info(name);
  const press = useRef<{ x: number; start: number; moved: boolean } | null>(null);
  const width = Math.max(60, Math.min(150, (g.spacing || 160) - 8));
  const inverted = lens.inverted.value.has(name);
  const coloured = lens.color.value === name;

  const drop = () => {
    if (press.current?.moved) model.motion.hold(`x ${name}`, undefined);
    press.current = null;
    model.pinned.value = null;
  };
  return (
    <div class="ut-label" data-axis={name} style={{ left: `${model.x(name) - width / 2}px`, width: `${width}px` }}>
      <div class="ut-label-body">
        <button
          type="button"
          class="ut-label-name"
          title={`${fullLabel(info)}\n${info.description ? `${info.description}\n` : ""}Click to invert, drag to move`}
          aria-label={`${info.label || name} axis${inverted ? ", inverted" : ""}; press to invert`}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            press.current = { x: event.clientX, start: model.x(name), moved: false };
          }}
          onPointerMove={(event) => {
            const now = press.current;
            if (!now) return;
            now.moved ||= Math.abs(event.clientX - now.x) >= CLICK;
            if (!now.moved) return;
            lens.hover(null);
            model.pinned.value ??= {
              left: g.first,
              right: g.width - g.first - g.spacing * (lens.axes.value.length - 1),
            };
            const x = now.start + event.clientX - now.x;
            model.motion.hold(`x ${name}`, x);
            const from = lens.axes.value.indexOf(name);
            const to = nearestSlot(x, g.first, g.spacing, lens.axes.value.length);
            if (to !== from) lens.axes.value = move(lens.axes.value, from, to);
          }}
          onPointerUp={() => {
            const clicked = press.current && !press.current.moved;
            drop();
            if (clicked) lens.toggleInverted(name);
          }}
          onPointerCancel={drop}
          // A press was answered when it ended; a click without one comes from a key, a reader or a script.
          onClick={(event) => {
            if (event.detail === 0) lens.toggleInverted(name);
          }}
          onKeyDown={(event) => {
            const from = lens.axes.value.indexOf(name);
            const to = from + (event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0);
            if (to === from || to < 0 || to >= lens.axes.value.length) return;
            lens.axes.value = move(lens.axes.value, from, to);
            event.preventDefault();
          }}
        >
          <span class="ut-label-text">{breakable(info.label || name)}</span>
          {info.unit && !bare && <span class="ut-label-unit">{info.unit}</span>}
          {inverted && (
            <span class="ut-label-mark" aria-hidden="true">
              ↓
            </span>
          )}
          <span class={coloured ? "ut-label-ink ut-label-ink-on" : "ut-label-ink"} />
        </button>
        <AxisMenu lens={lens} name={name} />
      </div>
    </div>
  );
}

/** A name that may break where its parts meet, rather than be cut. */
function breakable(text: string): (string | JSX.Element)[] {
  return text.split(/(?<=[_./\-])/).flatMap((part, i) => (i === 0 ? [part] : [<wbr key={i} />, part]));
}
