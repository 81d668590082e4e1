import type { Rgb } from "../../core/colour";
import type { Vector } from "../../core/column";
import { own } from "../../core/own";
import { positions } from "../../core/scale";
import type { Lens } from "../lens";
import type { Theme } from "../theme";
import { yOf } from "./geometry";
import type { PlotModel } from "./model";
import type { Points, Trace } from "./overlay";

type Named<T> = Readonly<Record<string, T>>;

/** What tells pinned lines apart beside their hue. */
const DASHES = [[], [9, 6], [2, 6], [12, 5, 2, 5], [5, 5], [16, 6], [2, 4, 8, 4], [1, 8]] as const;

/** How a pinned line looks. */
export interface Look {
  readonly letter: string;
  readonly colour: Rgb;
  readonly dash: readonly number[];
}

/** The look with a number, in a theme's hues. */
export function lookOf(look: number, theme: Theme): Look {
  const { categories } = theme.palette.value;
  return {
    letter: String.fromCharCode(65 + look),
    colour: categories[look % categories.length]!,
    dash: DASHES[look % DASHES.length]!,
  };
}

/** All lines that stand out, the first lowest: relatives, pinned ones, the one under the pointer. */
export function tracesOf(model: PlotModel, theme: Theme): Trace[] {
  const { lens } = model;
  const plain = { dash: [], dots: true, letter: "", spreads: [] };
  const relatives = lens.lineage.relatives.value.map(({ side, values }): Trace => ({
    ...plain,
    points: pointsOf(model, values),
    colour: colourOf(lens, values, theme),
    width: 2,
    dash: side === "ancestor" ? [] : [4, 5],
    dots: false,
  }));
  const pinned = lens.pins.list.value.flatMap(({ look, values }): Trace[] => {
    if (!values) return [];
    const points = pointsOf(model, values);
    return [{ ...plain, ...lookOf(look, theme), points, width: 2.75, spreads: spreadsOf(model, values) }];
  });
  const hovered = lens.hovered.value;
  if (!hovered) return [...relatives, ...pinned];
  const points = pointsOf(model, hovered.values);
  const colour = colourOf(lens, hovered.values, theme);
  const taken: Trace = { ...plain, points, colour, width: 3.25, spreads: spreadsOf(model, hovered.values) };
  return [...relatives, ...pinned, taken];
}

/** Where a row meets the axes in sight, from left to right. */
function pointsOf(model: PlotModel, values: Named<Vector>): Points {
  const g = model.geometry.value;
  return model.inView.value
    .flatMap((name): [number, number][] => {
      const place = placeOf(model, values, name);
      return place === null ? [] : [[model.x(name) - model.scroll.value, yOf(place, model.flip(name), g)]];
    })
    .sort((a, b) => a[0] - b[0]);
}

/** How far the groups spread that axes stand for, in one row. */
function spreadsOf(model: PlotModel, values: Named<Vector>): [number, number, number][] {
  const g = model.geometry.value;
  return model.inView.value.flatMap((name): [number, number, number][] => {
    const { fold } = model.lens.info(name);
    if (!fold) return [];
    // By the scale of the axis on which they are drawn.
    const [low, high] = [fold.low, fold.high].map((end) => {
      const vector = own(values, end);
      return vector ? positions(vector, model.lens.scale(name))[0]! : 2;
    }) as [number, number];
    if (low > 1 || high > 1) return [];
    const flip = model.flip(name);
    return [[model.x(name) - model.scroll.value, yOf(low, flip, g), yOf(high, flip, g)]];
  });
}

function placeOf({ lens }: PlotModel, values: Named<Vector>, name: string): number | null {
  const vector = own(values, name);
  return vector ? positions(vector, lens.scale(name))[0]! : null;
}

/** The colour that a row has among the others. */
export function colourOf(lens: Lens, values: Named<Vector>, theme: Theme): Rgb {
  const [r, g, b] = lens.colouring.ofValues(1, values, theme.palette.value);
  return [r!, g!, b!];
}
