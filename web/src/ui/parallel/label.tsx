import type { JSX } from "preact";
import { fullLabel } from "../../core/format";
import { AxisMenu } from "./axis-menu";
import { useLabelDrag } from "./label-drag";
import type { PlotModel } from "./model";
import { parts } from "./text";

/** The name of an axis: drag it to reorder or out of the plot to hide, click it to invert, open its menu for the rest. */
export function AxisLabel({ model, name, bare }: { model: PlotModel; name: string; bare: boolean }): JSX.Element {
  const { lens } = model;
  const g = model.geometry.value;
  const info = lens.info(name);
  const drag = useLabelDrag(model, name);
  const width = model.nameRoom(name);
  const inverted = lens.inverted.value.has(name);
  const coloured = lens.color.value === name;
  const leaving = model.leaving.value === name;
  const folded = lens.folds.has(name);
  const label = info.label || name;
  const unit = info.unit && !bare && g.nameHeight < 46 ? info.unit : "";

  const press = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (event.key === "Delete") lens.hide(name);
    else if (step !== 0) {
      const button = event.currentTarget as HTMLElement;
      lens.arrangement.move(name, lens.axes.peek().indexOf(name) + step);
      lens.say(`${label}, axis ${lens.axes.peek().indexOf(name) + 1} of ${lens.axes.peek().length}`);
      // An element that takes another place among its siblings loses the keyboard.
      requestAnimationFrame(() => (button.focus(), model.bringIntoView(name)));
    } else return;
    event.preventDefault();
  };
  return (
    <div
      class={leaving ? "ut-label ut-leaving" : "ut-label"}
      data-axis={name}
      style={{
        left: `${model.x(name) - width / 2}px`,
        top: `${g.names}px`,
        width: `${width}px`,
        height: `${g.nameHeight}px`,
      }}
    >
      <div class="ut-label-body">
        <button
          type="button"
          class="ut-label-name"
          title={`${fullLabel(info)}\n${info.description ? `${info.description}\n` : ""}Click to invert, drag to move, drag out to hide`}
          aria-label={`${label}${unit && ` ${unit}`} axis${inverted ? ", inverted" : ""}; press to invert, arrows move it, Delete hides it`}
          onPointerDown={drag.down}
          onPointerMove={drag.move}
          onPointerUp={drag.up}
          onPointerCancel={drag.cancel}
          // A press was answered when it ended; a click without one comes from a key, a reader or a script.
          onClick={(event) => {
            if (event.detail === 0) lens.toggleInverted(name);
          }}
          onKeyDown={press}
        >
          <span class="ut-label-text" style={{ "-webkit-line-clamp": Math.floor((g.nameHeight - 7) / 15) }}>
            {breakable(model.labelOf(name))}
          </span>
          {unit && <span class="ut-label-unit"> {unit}</span>}
          {inverted && (
            <span class="ut-label-mark" aria-hidden="true">
              ↓
            </span>
          )}
          <span class={coloured ? "ut-label-ink ut-label-ink-on" : "ut-label-ink"} />
        </button>
        {folded && (
          <button
            type="button"
            class="ut-unfold"
            aria-expanded={false}
            aria-label={`Unfold ${label}: ${lens.folds.size(name)} axes`}
            title={`The median of ${lens.folds.size(name)}; press to unfold`}
            onClick={() => lens.fold(name, false)}
          >
            {lens.folds.size(name)}
          </button>
        )}
        <AxisMenu model={model} name={name} />
      </div>
    </div>
  );
}

/** A name that may break where its parts meet, rather than be cut. */
function breakable(text: string): (string | JSX.Element)[] {
  return parts(text).flatMap((part, i) => (i === 0 ? [part] : [<wbr key={i} />, part]));
}
