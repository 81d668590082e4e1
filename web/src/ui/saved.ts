import type { Signal } from "@preact/signals";
import { batch } from "@preact/signals";
import type { Brush } from "../core/brush";
import type { CategoryOrder } from "../core/category-scale";
import { PLAIN_COLOURING } from "../core/colour";
import type { ScaleName } from "../core/column";
import type { ColumnFilter, Step } from "../core/filter";
import { Slot } from "../core/scale";
import type { SlotCode } from "../core/scale";
import type { Document } from "../engine/engine";
import type { Check } from "./check";
import { byName, either, list, maybe, number, oneOf, range, shaped, text, truth } from "./check";
import type { Lens } from "./lens";
import { PLAIN_LINES } from "./line-style";
import { MOST_PINS } from "./pins";
import type { Theme } from "./theme";
import type { Sort, Views, Zoom } from "./views/state";
import { VIEWS } from "./views/state";

/** One thing that a person can change: what it is now, and how it is set to what was written down. */
interface Piece {
  readonly name: string;
  readonly get: () => unknown;
  readonly set: (value: unknown) => void;
}

/** What a person made of a page, as JSON: only what differs from how it opens. */
export interface Saved {
  readonly lens?: string;
  readonly theme?: string;
  readonly lenses?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const SCALES: readonly ScaleName[] = ["linear", "log", "symlog", "percentile", "category", "time"];

const brush: Check<Brush> = (value) => {
  const {
    kind,
    range: between,
    values,
    slot,
  } = (value ?? {}) as Partial<Record<"kind" | "range" | "values" | "slot", unknown>>;
  const [limits, names] = [range(between), list(text)(values)];
  if (kind === "range" && limits) return { kind, range: limits };
  if (kind === "values" && names?.length) return { kind, values: names };
  if (kind === "slot" && Object.values(Slot).includes(slot as SlotCode)) return { kind, slot: slot as SlotCode };
  return undefined;
};

const filter: Check<ColumnFilter> = shaped<Required<ColumnFilter>>(
  { ranges: list(range), values: list(text), special: list(oneOf(["nan", "+inf", "-inf"])), missing: truth },
  { ranges: [], values: [], special: [], missing: false },
);

/** A piece with what it was when the page opened, as JSON. */
interface Opened extends Piece {
  readonly before: string;
}

const opened = new WeakMap<Lens, readonly Opened[]>();
/** The views outlive the lenses of a frame that grows: how they were is known from the first. */
const atFirst = new WeakMap<Views, ReadonlyMap<string, string>>();

function piece<T>(name: string, signal: Signal<T>, check: Check<T>): Piece {
  return {
    name,
    get: () => signal.value,
    set: (value) => {
      const passed = check(value);
      if (passed !== undefined) signal.value = passed;
    },
  };
}

/** Lets the names of a lens' columns pass. */
function columnOf(lens: Lens): Check<string> {
  const known = new Set(lens.engine.frame.columns.map(({ name }) => name));
  return (value) => (typeof value === "string" && known.has(value) ? value : undefined);
}

/** What can be written down of a lens. Whatever names a column that is not there is left out. */
function piecesOf(lens: Lens): Piece[] {
  const column = columnOf(lens);
  const known = (name: string) => column(name) !== undefined;
  const columns = list(column);
  const step: Check<Step> = (value) => {
    const { action, columns: filters, search } = (value ?? {}) as Partial<Record<keyof Step, unknown>>;
    const [act, passed, sought] = [oneOf(["keep", "exclude"])(action), byName(filter)(filters), text(search)];
    // Half of a step would keep other rows than it did.
    const whole = passed && Object.keys(passed).every(known);
    return act && whole ? { action: act, columns: passed, ...(sought ? { search: sought } : {}) } : undefined;
  };
  const { arrangement, scales } = lens;
  return [
    piece("axes", arrangement.shown, (value) => (columns(value)?.length ? [...new Set(columns(value))] : undefined)),
    {
      name: "inverted",
      get: () => [...arrangement.inverted.value],
      set: (value) => (arrangement.inverted.value = new Set(columns(value))),
    },
    piece("gaps", arrangement.gaps, byName(number, known)),
    piece("scales", scales.chosen, byName(oneOf(SCALES))),
    piece("domains", scales.domains, byName(range)),
    piece(
      "orders",
      scales.orders,
      byName(either<CategoryOrder, CategoryOrder>(oneOf(["frequency", "name", "value"] as const), list(text)), known),
    ),
    piece("steps", lens.steps, list(step)),
    piece("brushes", lens.brushes, byName(list(brush), known)),
    piece("search", lens.search, text),
    piece("color", lens.color, maybe(column)),
    piece(
      "colours",
      lens.colouring.chosen,
      byName(
        shaped(
          { scheme: either(text, list(text)), reversed: truth, midpoint: maybe(number), own: byName(text) },
          PLAIN_COLOURING,
        ),
        known,
      ),
    ),
    piece("lines", lens.lines, shaped({ opacity: number, width: number, curved: truth, context: truth }, PLAIN_LINES)),
    piece("weight", lens.weight.column, maybe(column)),
    piece("pins", lens.pins.rows, (value) =>
      list(number)(value)
        ?.filter((row) => Number.isInteger(row) && row >= -1 && row < lens.engine.frame.rows)
        .slice(0, MOST_PINS),
    ),
  ];
}

/** What can be written down of the views beside a lens' plot. */
function viewPiecesOf(lens: Lens, views: Views): Piece[] {
  const column = columnOf(lens);
  const columns = list(column);
  const zoom = shaped<Zoom>({ x: maybe(range), y: maybe(range) }, { x: null, y: null });
  return [
    piece("views", views.open, (value) => VIEWS.filter((name) => list(text)(value)?.includes(name))),
    piece("height", views.height, maybe(number)),
    piece("widths", views.widths, byName(number)),
    piece("full", views.full, maybe(oneOf([...VIEWS, "plot"]))),
    piece(
      "series",
      views.series,
      shaped(
        { x: maybe(column), y: columns, by: maybe(text), log: maybe(truth), smoothing: number },
        views.series.peek(),
      ),
    ),
    piece(
      "scatter",
      views.scatter,
      shaped({ x: maybe(column), y: maybe(column), drag: oneOf(["zoom", "brush"]), zoom }, views.scatter.peek()),
    ),
    piece(
      "heatmap",
      views.heatmap,
      shaped({ x: maybe(column), y: maybe(column), value: maybe(column) }, views.heatmap.peek()),
    ),
    piece(
      "distribution",
      views.distribution,
      shaped({ column: maybe(column), measure: oneOf(["count", "share"]) }, views.distribution.peek()),
    ),
    piece("ranking", views.ranking, maybe(column)),
    piece(
      "table",
      views.table,
      shaped(
        {
          sort: list(shaped<Sort>({ column, descending: truth }, { column: "", descending: false })),
          order: columns,
          pinned: columns,
        },
        views.table.peek(),
      ),
    ),
  ];
}

/** Remembers how a lens opens, so that only what a person changes is written down. */
export function remember(lens: Lens, views: Views): void {
  const besides = viewPiecesOf(lens, views);
  if (!atFirst.has(views)) atFirst.set(views, new Map(besides.map((each) => [each.name, JSON.stringify(each.get())])));
  const first = atFirst.get(views)!;
  opened.set(lens, [
    ...piecesOf(lens).map((each) => ({ ...each, before: JSON.stringify(each.get()) })),
    ...besides.map((each) => ({ ...each, before: first.get(each.name)! })),
  ]);
}

/** What a state is taken from; a session is one. */
interface Savable {
  readonly lenses: Signal<readonly Lens[]>;
  readonly current: Signal<Lens | null>;
  readonly document: Signal<Pick<Document, "theme">>;
  readonly theme: Theme;
  readonly pending: NonNullable<Saved["lenses"]>;
}

/** Reads every signal that `written` says something of, and nothing more: a brush moves more often than it is saved. */
export function watch({ lenses, current, document, theme }: Savable): void {
  void [current.value, document.value, theme.choice.value];
  for (const lens of lenses.value) for (const { get } of opened.get(lens) ?? []) get();
}

/** What a person made of the session. */
export function written(session: Savable): Saved {
  const lenses = session.lenses.value.flatMap((lens): [string, Record<string, unknown>][] => {
    const changed = (opened.get(lens) ?? []).flatMap(({ name, get, before }): [string, unknown][] => {
      const value = get();
      return JSON.stringify(value) === before ? [] : [[name, value]];
    });
    return changed.length ? [[lens.engine.frame.lens, Object.fromEntries(changed)]] : [];
  });
  const [front, first] = [session.current.value, session.lenses.value[0]];
  const theme = session.theme.choice.value;
  const pending = Object.entries(session.pending);
  return {
    ...(front && front !== first ? { lens: front.engine.frame.lens } : {}),
    ...(theme !== session.document.value.theme ? { theme } : {}),
    ...(lenses.length || pending.length ? { lenses: Object.fromEntries([...pending, ...lenses]) } : {}),
  };
}

/** Makes of a lens that is remembered what was written down of it. What does not fit is left as it is. */
export function restore(lens: Lens, saved: unknown): void {
  const pieces = byName((value) => value as unknown)(saved);
  if (!pieces) return;
  batch(() => {
    for (const { name, set } of opened.get(lens) ?? []) if (Object.hasOwn(pieces, name)) set(pieces[name]);
  });
}
