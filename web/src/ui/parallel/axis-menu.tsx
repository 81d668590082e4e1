import type { JSX } from "preact";
import type { ScaleName } from "../../core/column";
import { own } from "../../core/own";
import { possibleScales } from "../../core/scale";
import type { Lens } from "../lens";
import { Menu } from "../menu";

/** What can be done with one axis. */
export function AxisMenu({ lens, name }: { lens: Lens; name: string }): JSX.Element {
  const info = lens.info(name);
  const scales = possibleScales(info, lens.summary(name));
  const act = (close: () => void, action: () => void) => () => {
    action();
    close();
  };
  return (
    <Menu class="ut-axis-menu" label={`${info.label || name}: options`} face={<Dots />}>
      {(close) => (
        <>
          {info.description && <p>{info.description}</p>}
          {scales.length > 1 && (
            <div class="ut-choice" role="radiogroup" aria-label="Scale">
              {scales.map((scale: ScaleName) => (
                <button
                  key={scale}
                  type="button"
                  role="radio"
                  aria-checked={lens.scaleName(name) === scale}
                  onClick={act(close, () => void lens.chooseScale(name, scale))}
                >
                  {scale}
                </button>
              ))}
            </div>
          )}
          <button type="button" onClick={act(close, () => (lens.color.value = name))}>
            Colour lines by this
          </button>
          <button type="button" onClick={act(close, () => lens.toggleInverted(name))}>
            Invert
          </button>
          {(own(lens.brushes.value, name)?.length ?? 0) > 0 && (
            <button type="button" onClick={act(close, () => lens.setBrushes(name, []))}>
              Clear its brushes
            </button>
          )}
          {lens.axes.value.length > 1 && (
            <button type="button" onClick={act(close, () => lens.hide(name))}>
              Hide
            </button>
          )}
        </>
      )}
    </Menu>
  );
}

function Dots(): JSX.Element {
  return (
    <svg width="14" height="4" viewBox="0 0 14 4" aria-hidden="true">
      {[2, 7, 12].map((x) => (
        <circle key={x} cx={x} cy={2} r={1.5} fill="currentColor" />
      ))}
    </svg>
  );
}
