import type { JSX } from "preact";
import { css } from "../../core/colour";
import { digitsWithin, formatShort, formatValue } from "../../core/format";
import { own } from "../../core/own";
import type { Theme } from "../theme";
import { PIN_ROW } from "./geometry";
import type { PlotModel } from "./model";
import { fitted, textWidth } from "./text";
import { lookOf } from "./traces";

interface PinnedProps {
  readonly model: PlotModel;
  readonly theme: Theme;
}

/** The pinned lines' values, each beneath its axis; part of the sheet that scrolls. */
export function PinnedValues({ model }: { model: PlotModel }): JSX.Element {
  const { lens } = model;
  const { pins, width } = model.geometry.value;
  return (
    <>
      {lens.pins.list.value.map(({ row, values }, i) => (
        <div key={row} class="ut-pin-row" style={{ top: `${pins + i * PIN_ROW}px`, width: `${width}px` }}>
          {values &&
            model.inView.value.map((name) => {
              const vector = own(values, name);
              if (!vector) return null;
              const room = Math.max(30, model.nameRoom(name) - 4);
              const { min, max } = lens.summary(name);
              const info = lens.info(name);
              const text = formatValue(info, vector, 0, digitsWithin(min, max)) || "missing";
              // Raised digits may come from another font, which is wider than it was measured.
              const fits = textWidth(text, "500 11.5px") <= room - 6;
              const short = fits || info.kind !== "number" ? fitted(text, room) : formatShort(vector.values[0]!);
              return (
                <span key={name} style={{ left: `${model.x(name) - room / 2}px`, width: `${room}px` }} title={text}>
                  {short}
                </span>
              );
            })}
        </div>
      ))}
    </>
  );
}

/** The pinned lines' looks, at the left side, with what lets go of them. */
export function PinnedKeys({ model, theme }: PinnedProps): JSX.Element | null {
  const { lens } = model;
  const list = lens.pins.list.value;
  if (list.length === 0) return null;
  const { pins } = model.geometry.value;
  return (
    <div class="ut-pin-keys" role="group" aria-label="Pinned lines" style={{ top: `${pins}px` }}>
      {list.map(({ row, look }) => {
        const { letter, colour, dash } = lookOf(look, theme);
        return (
          <div key={row} style={{ height: `${PIN_ROW}px` }}>
            <b style={{ color: css(colour) }}>{letter}</b>
            <svg width="20" height="4" aria-hidden="true">
              <line x1={1} x2={19} y1={2} y2={2} stroke={css(colour)} stroke-dasharray={dash.join(" ")} />
            </svg>
            <button
              type="button"
              aria-label={`Unpin line ${letter}`}
              title="Unpin"
              onClick={() => lens.pins.toggle(row)}
            >
              ×
            </button>
          </div>
        );
      })}
      {list.length > 1 && (
        <button type="button" class="ut-unpin-all" onClick={() => lens.pins.clear()}>
          Unpin all
        </button>
      )}
    </div>
  );
}
