import type { JSX } from "preact";
import { valuesOf } from "../core/brush";
import { css } from "../core/colour";
import { fullLabel } from "../core/format";
import { own } from "../core/own";
import { SLOT_LABELS } from "../core/scale";
import { ColourBar } from "./colour-bar";
import type { Lens } from "./lens";
import { PaletteMenu } from "./palette-menu";
import type { Theme } from "./theme";

/** More swatches than this are left to the tooltip. */
const MOST = 8;

/** What the colours mean, and which: a bar with the column's own ticks, or a swatch a category; both brush. */
export function Legend({ lens, theme }: { lens: Lens; theme: Theme }): JSX.Element {
  const name = lens.color.value;
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
          {lens.columns.map((column) => (
            <option key={column.name} value={column.name}>
              {fullLabel(column)}
            </option>
          ))}
        </select>
      </label>
      {name !== null && (
        <>
          <Key lens={lens} theme={theme} name={name} />
          <PaletteMenu lens={lens} theme={theme} name={name} />
        </>
      )}
    </div>
  );
}

function Key({ lens, theme, name }: { lens: Lens; theme: Theme; name: string }): JSX.Element {
  const { categories: hues, unknown } = theme.palette.value;
  const categories = lens.categories(name);
  const slots = lens.slots(name);
  const odd = slots.length > 0 && (
    <Swatch colour={css(unknown)} label={slots.map((slot) => SLOT_LABELS[slot]).join(", ")} />
  );
  if (!categories || categories.length > hues.length)
    return (
      <>
        <ColourBar key={name} lens={lens} theme={theme} name={name} />
        {odd}
      </>
    );
  const brushed = valuesOf(own(lens.brushes.value, name) ?? []);
  const toggle = (category: string) => {
    if (!brushed.delete(category)) brushed.add(category);
    lens.setCategories(name, brushed);
  };
  return (
    <div class="ut-swatches" role="group" aria-label={`Colours of ${lens.info(name).label || name}`}>
      {categories.slice(0, MOST).map((category, i) => (
        <button
          key={category}
          type="button"
          class="ut-swatch"
          aria-pressed={brushed.has(category)}
          title={`Select ${category}`}
          onClick={() => toggle(category)}
        >
          <i style={{ background: css(hues[i]!) }} />
          {category}
        </button>
      ))}
      {categories.length > MOST && <span>and {categories.length - MOST} more</span>}
      {odd}
    </div>
  );
}

function Swatch({ colour, label }: { colour: string; label: string }): JSX.Element {
  return (
    <span class="ut-swatch">
      <i style={{ background: colour }} />
      {label}
    </span>
  );
}
