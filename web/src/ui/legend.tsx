import type { JSX } from "preact";
import { css, rampColour } from "../core/colour";
import { fullLabel } from "../core/format";
import type { Tick } from "../core/scale";
import { SLOT_LABELS } from "../core/scale";
import type { Lens } from "./lens";
import type { Theme } from "./theme";

const WIDTH = 190;
/** More swatches than this are left to the tooltip. */
const MOST = 8;

/** What the colours mean: a bar with the column's own ticks, or a swatch a category. */
export function Legend({ lens, theme }: { lens: Lens; theme: Theme }): JSX.Element {
  const name = lens.color.value;
  const columns = lens.engine.frame.columns;
  return (
    <div class="ut-legend">
      <label>
        <span>Colour</span>
        <select
          aria-label="Colour lines by"
          value={name ?? ""}
          onChange={(event) => (lens.color.value = event.currentTarget.value || null)}
        >
          <option value="">one colour</option>
          {columns.map((column) => (
            <option key={column.name} value={column.name}>
              {fullLabel(column)}
            </option>
          ))}
        </select>
      </label>
      {name !== null && <Key lens={lens} theme={theme} name={name} />}
    </div>
  );
}

function Key({ lens, theme, name }: { lens: Lens; theme: Theme; name: string }): JSX.Element {
  const { ramp, categories: hues, unknown } = theme.palette.value;
  const categories = lens.categories(name);
  const slots = lens.slots(name);
  const odd = slots.length > 0 && (
    <Swatch colour={css(unknown)} label={slots.map((slot) => SLOT_LABELS[slot]).join(", ")} />
  );
  if (categories && categories.length <= hues.length) {
    return (
      <div class="ut-swatches">
        {categories.slice(0, MOST).map((category, i) => (
          <Swatch key={category} colour={css(hues[i]!)} label={category} />
        ))}
        {odd}
      </div>
    );
  }
  const stops = Array.from({ length: 17 }, (_, i) => css(rampColour(ramp, i / 16)));
  const ticks = spaced(
    lens
      .scale(name)
      .ticks(WIDTH)
      .filter((tick) => tick.label),
  );
  return (
    <>
      <div
        class="ut-ramp"
        style={{ width: `${WIDTH}px` }}
        role="img"
        aria-label={`${lens.info(name).label || name}: colours from ${ticks[0]?.label ?? ""} to ${ticks.at(-1)?.label ?? ""}`}
      >
        <div style={{ background: `linear-gradient(to right, ${stops.join(",")})` }} />
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
      {odd}
    </>
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

function Swatch({ colour, label }: { colour: string; label: string }): JSX.Element {
  return (
    <span class="ut-swatch">
      <i style={{ background: colour }} />
      {label}
    </span>
  );
}
