import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Brush } from "../../core/brush";
import { css } from "../../core/colour";
import type { Rgb } from "../../core/colour";
import { formatCount, formatNumber, formatTime, fullLabel } from "../../core/format";
import { isPresent } from "../../core/column";
import { own } from "../../core/own";
import { possibleScales } from "../../core/scale";
import type { Filters } from "../../core/filter";
import { colourRows } from "../colouring";
import type { Lens } from "../lens";
import { Menu } from "../menu";
import type { Theme } from "../theme";
import { Chart } from "./chart";
import type { Point } from "./chart";
import type { ChartFrame, Side } from "./chart-layout";
import { ChartTooltip } from "./chart-tooltip";
import { ColumnSelect } from "./column-select";
import { MOST_LINES, seriesColumns } from "./defaults";
import { numberScale } from "./number-scale";
import type { SeriesLine } from "./series-lines";
import { bucketsFor, extentOf, lineOf, nearestIndex, paintLines, valuesOf } from "./series-lines";
import type { Views } from "./state";
import { useAnswer } from "./use-answer";
import { hoveredVector, takenUp, useVectors } from "./use-vectors";
import { ViewFrame } from "./view-frame";

/** Names beneath the choices, and lines of the tooltip: more would leave no room for the picture. */
const [MOST_NAMES, MOST_READ] = [10, 12];
/** Dashes of the columns where colours tell the groups apart. */
const DASHES: readonly (readonly number[])[] = [[], [6, 4], [2, 3], [9, 3, 2, 3]];

interface SeriesProps {
  readonly lens: Lens;
  readonly theme: Theme;
  readonly views: Views;
}

/** Columns over steps: a line a run, or whatever else parts the rows, with all that lies between two pixels as a band. */
export function SeriesView({ lens, theme, views }: SeriesProps): JSX.Element {
  const choice = views.series.value;
  const { x, y, by } = seriesColumns(lens, choice);
  const [at, setAt] = useState<{ readonly value: number; readonly point: Point } | null>(null);
  const summary = lens.summary(x);
  const parts = views.full.value === null ? views.open.value.length : 1;
  const width = bucketsFor(summary, innerWidth / parts);
  const filters = lens.settled.value;
  const base = lens.base.value;
  const narrowed = lens.brushed.value && filters !== base;
  const ask = (which: Filters) => () =>
    Promise.all(
      y.map(async (column) => ({
        column,
        series: await lens.engine.series({ x, y: column, ...(by ? { by } : {}), filters: which, width }),
      })),
    ).then((columns) => ({ columns, text }));
  const text = JSON.stringify([x, y, by, width]);
  const chosen = useAnswer(lens, [text, filters], ask(filters));
  const all = useAnswer(lens, narrowed ? [text, base] : null, ask(base));
  const palette = theme.palette.value;
  const make = (answer: typeof chosen): SeriesLine[] => {
    if (answer?.text !== text) return [];
    const lines = answer.columns.flatMap(({ column, series }, k) =>
      series.map((each) => {
        const colour = by ? colourOf(lens, by, each.name, theme) : palette.categories[k % palette.categories.length]!;
        const name = by
          ? y.length > 1
            ? `${each.name} · ${labelOf(lens, column)}`
            : each.name
          : labelOf(lens, column);
        const dash = by ? DASHES[k % DASHES.length]! : [];
        return lineOf(each, valuesOf(each, summary, width), { name, column, colour, dash }, choice.smoothing);
      }),
    );
    return lines.slice(0, MOST_LINES);
  };
  const lines = useMemo(() => make(chosen), [chosen, text, choice.smoothing, palette, summary]);
  const context = useMemo(() => make(all), [all, text, choice.smoothing, palette, summary]);
  const wanted = choice.log ?? lens.scale(y[0]!).name === "log";
  const extent = useMemo(() => extentOf([...lines, ...context], wanted), [lines, context, wanted]);
  const canLog = y.some((name) => possibleScales(lens.info(name), lens.summary(name)).includes("log"));
  const log = wanted && canLog && extent !== null && extent[0] > 0;
  const scales = useMemo(() => {
    const time = lens.info(x).kind === "time";
    const across: readonly [number, number] = Number.isNaN(summary.min) ? [0, 0] : [summary.min, summary.max];
    return {
      x: numberScale(time ? "time" : "linear", across, summary.integer),
      y: numberScale(log ? "log" : "linear", extent ?? [0, 0]),
    };
  }, [summary, extent?.join(), log]);
  const sides = useMemo(
    (): [Side, Side] => [
      { label: fullLabel(lens.info(x)), scale: scales.x, slots: [] },
      { label: y.map((name) => labelOf(lens, name)).join(", "), scale: scales.y, slots: [] },
    ],
    [scales, x, y.join("\n")],
  );
  // Keys go along all there is, and not only what they have selected.
  const whole = useRef(lines);
  if (!narrowed || context.length) whole.current = narrowed ? context : lines;
  const vectors = useVectors(lens, [x, ...y, ...(by ? [by] : [])]);
  const brushes = own(lens.brushes.value, x) ?? [];
  const anchor = useRef<number | null>(null);

  const set = (next: Partial<typeof choice>) => (views.series.value = { ...choice, ...next });
  const valueAt = (frame: ChartFrame, px: number) => scales.x.invert(Math.min(1, Math.max(0, frame.atX(px))));
  const select = (a: number, b: number, add: boolean) => {
    let [low, high] = [Math.min(a, b), Math.max(a, b)];
    if (summary.integer) [low, high] = [Math.ceil(low), Math.floor(high)];
    if (low > high) return;
    const range: Brush = { kind: "range", range: [low, high] };
    lens.setBrushes(x, add ? [...brushes, range] : [range]);
  };
  const hover = (point: Point | null, frame: ChartFrame) => {
    if (!point || point.x < frame.left - 8 || point.x > frame.right + 8) {
      setAt(null);
      return lens.hover(null);
    }
    setAt({ value: valueAt(frame, point.x), point });
    if (!vectors) return;
    const row = nearestRow(lens, vectors, x, y, (value, column) => {
      const [px, py] = [frame.x(scales.x.position(value)), frame.y(scales.y.position(column))];
      // The step under the hair first, then the line.
      return 1000 * Math.abs(px - point.x) + Math.abs(py - point.y);
    });
    lens.hover(row === null ? null : takenUp(lens, row, vectors, "series"));
  };
  const key = (event: KeyboardEvent, frame: ChartFrame) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    const spots = whole.current[0]?.x ?? new Float64Array(0);
    if (step && spots.length) {
      const now = at ? nearestIndex(spots, at.value) + step : step > 0 ? 0 : spots.length - 1;
      const value = spots[Math.min(spots.length - 1, Math.max(0, now))]!;
      if (!event.shiftKey) anchor.current = null;
      else {
        anchor.current ??= at?.value ?? value;
        select(anchor.current, value, false);
      }
      setAt({ value, point: { x: frame.x(scales.x.position(value)), y: frame.top + 20 } });
    } else if (event.key === "Enter" && at) select(at.value, at.value, false);
    else if (event.key === "Delete" || event.key === "Backspace") lens.setBrushes(x, []);
    else return;
    event.preventDefault();
  };
  const controls = (
    <>
      <YMenu lens={lens} chosen={y} onChange={(next) => set({ y: next })} />
      <ColumnSelect
        lens={lens}
        face="over"
        label="Series over"
        value={x}
        allowed={(info) => info.kind !== "category"}
        onChange={(name) => set({ x: name })}
      />
      <ColumnSelect
        lens={lens}
        face="by"
        label="One line for each"
        value={by}
        none="all rows"
        allowed={({ name }) => (lens.categories(name)?.length ?? Infinity) <= MOST_LINES}
        onChange={(name) => set({ by: name })}
      />
      <label>
        <input
          type="checkbox"
          checked={log}
          disabled={!canLog}
          onChange={(event) => set({ log: event.currentTarget.checked })}
        />
        <span>log</span>
      </label>
      <label class="ut-smoothing">
        <span>smooth</span>
        <input
          type="range"
          aria-label="Smoothing"
          title={`Smoothing: ${choice.smoothing}. Each value keeps so much of the one before it (exponential moving average, debiased)`}
          min="0"
          max="0.99"
          step="0.01"
          value={choice.smoothing}
          onInput={(event) => set({ smoothing: Number(event.currentTarget.value) })}
        />
      </label>
    </>
  );
  const grey = palette.context;
  const dots = lines.length ? hoveredDots(lens, x, y, vectors) : [];
  return (
    <ViewFrame name="series" views={views} controls={controls}>
      {lines.length > 1 && (
        <p class="ut-key">
          {lines.slice(0, MOST_NAMES).map(({ name, colour, dash }) => (
            <span key={name} title={name}>
              <i style={{ background: css(colour), opacity: dash.length ? 0.55 : 1 }} />
              {name}
            </span>
          ))}
          {lines.length > MOST_NAMES && <span>and {lines.length - MOST_NAMES} more</span>}
        </p>
      )}
      <Chart
        label={`${sides[1].label} over ${sides[0].label}: arrow keys go along it, with Shift they select, Enter selects one, Delete clears`}
        x={sides[0]}
        y={sides[1]}
        pans
        inputs={[lines, context, scales, palette]}
        paint={(canvas, frame) => {
          const colour = `rgb(${grey
            .slice(0, 3)
            .map((each) => 255 * each)
            .join(" ")})`;
          paintLines(canvas, frame, context, scales.x, scales.y, { colour, alpha: 0.45 }, false);
          paintLines(canvas, frame, lines, scales.x, scales.y, null, choice.smoothing > 0);
        }}
        overlay={(frame) => (
          <>
            {brushes.map((brush, i) => {
              if (brush.kind !== "range") return null;
              const [a, b] = brush.range.map((value) => frame.x(scales.x.position(value))) as [number, number];
              return (
                <rect
                  key={i}
                  class="ut-brush-band"
                  x={a - 1}
                  width={b - a + 2}
                  y={frame.top}
                  height={frame.bottom - frame.top}
                />
              );
            })}
            {at && <path class="ut-hair" d={`M${frame.x(scales.x.position(at.value))} ${frame.top}V${frame.bottom}`} />}
            {dots.map(([px, py], i) => (
              <circle
                key={i}
                class="ut-dot"
                cx={frame.x(scales.x.position(px))}
                cy={frame.y(scales.y.position(py))}
                r={4.5}
                fill="var(--accent)"
              />
            ))}
          </>
        )}
        enter={() => void lens.crowd?.activate(x)}
        keys={key}
        hover={hover}
        press={() => lens.setBrushes(x, [])}
        drag={(from, to, frame, event, ended) => {
          if (event.shiftKey && !ended) return;
          select(valueAt(frame, from.x), valueAt(frame, to.x), event.shiftKey);
        }}
      >
        {(frame) => (
          <>
            {lines.length === 0 && chosen?.text === text && <p class="ut-none">No selected row has a value here.</p>}
            {at && lines.length > 0 && (
              <ChartTooltip at={at.point} frame={frame}>
                <Readout lens={lens} x={x} lines={lines} value={at.value} />
              </ChartTooltip>
            )}
          </>
        )}
      </Chart>
    </ViewFrame>
  );
}

/** What the lines say at a place. */
function Readout(props: { lens: Lens; x: string; lines: readonly SeriesLine[]; value: number }): JSX.Element {
  const { lens, x, lines, value } = props;
  const spots = lines.map((line) => nearestIndex(line.x, value));
  const nearest = lines.reduce((best, line, i) => {
    const off = (k: number) => Math.abs(lines[k]!.x[spots[k]!]! - value);
    return off(i) < off(best) && line ? i : best;
  }, 0);
  const place = lines[nearest]!.x[spots[nearest]!]!;
  const text = lens.info(x).kind === "time" ? formatTime(place) : formatNumber(place);
  const there = lines
    .map((line, i) => ({ line, i: spots[i]! }))
    .filter(({ line, i }) => line.x[i] === place)
    .sort((a, b) => b.line.smooth[b.i]! - a.line.smooth[a.i]!);
  return (
    <>
      <strong>
        {labelOf(lens, x)} {text}
      </strong>
      <table>
        <tbody>
          {there.slice(0, MOST_READ).map(({ line, i }) => (
            <tr key={line.name}>
              <th>
                <i class="ut-bullet" style={{ background: css(line.colour) }} />
                {line.name}
              </th>
              <td>{formatNumber(line.mean[i]!)}</td>
              <td class="ut-absent">
                {line.count[i]! > 1
                  ? `${formatNumber(line.min[i]!)} – ${formatNumber(line.max[i]!)} of ${formatCount(line.count[i]!)}`
                  : ""}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {there.length > MOST_READ && <p>and {there.length - MOST_READ} more</p>}
    </>
  );
}

/** Chooses the columns that are drawn. */
function YMenu(props: { lens: Lens; chosen: readonly string[]; onChange: (names: string[]) => void }): JSX.Element {
  const { lens, chosen, onChange } = props;
  const numbers = lens.columns.filter((info) => info.kind === "number");
  const face = chosen.length === 1 ? labelOf(lens, chosen[0]!) : `${chosen.length} columns`;
  return (
    <Menu class="ut-y-menu" label={`${face}: choose the series`} face={face}>
      {() => (
        <ul>
          {numbers.map((info) => (
            <li key={info.name}>
              <label title={info.description}>
                <input
                  type="checkbox"
                  checked={chosen.includes(info.name)}
                  disabled={chosen.length === 1 && chosen[0] === info.name}
                  onChange={() =>
                    onChange(
                      chosen.includes(info.name) ? chosen.filter((name) => name !== info.name) : [...chosen, info.name],
                    )
                  }
                />
                {fullLabel(info)}
              </label>
            </li>
          ))}
        </ul>
      )}
    </Menu>
  );
}

function labelOf(lens: Lens, name: string): string {
  const info = lens.info(name);
  return info.label || info.name;
}

/** The colour that a category has in the plot when its column colours it. */
function colourOf(lens: Lens, by: string, name: string, theme: Theme): Rgb {
  const palette = theme.palette.value;
  const categories = lens.categories(by);
  const code = categories?.indexOf(name) ?? -1;
  if (code < 0) return palette.unknown;
  const vector = { values: Float64Array.of(code), valid: null, categories };
  const [r, g, b] = colourRows(1, vector, Float32Array.of(lens.scale(by).position(code)), palette);
  return [r!, g!, b!];
}

/** The selected row that is nearest in some measure, of a small frame. */
function nearestRow(
  lens: Lens,
  vectors: NonNullable<ReturnType<typeof useVectors>>,
  x: string,
  y: readonly string[],
  distance: (x: number, y: number) => number,
): number | null {
  const { selected } = lens.exact.peek();
  let [best, nearest] = [null as number | null, Infinity];
  for (const column of y) {
    const [xs, ys] = [vectors[x]!, vectors[column]!];
    for (let row = 0; row < selected.length; row++) {
      if (selected[row] !== 1 || !isPresent(xs, row) || !isPresent(ys, row)) continue;
      const off = distance(xs.values[row]!, ys.values[row]!);
      if (off < nearest) [best, nearest] = [row, off];
    }
  }
  return best;
}

/** Where the row stands that is taken up in some view: x and y as values. */
function hoveredDots(
  lens: Lens,
  x: string,
  y: readonly string[],
  vectors: ReturnType<typeof useVectors>,
): [number, number][] {
  const across = hoveredVector(lens, x, vectors);
  if (!across || !isPresent(across, 0) || !Number.isFinite(across.values[0]!)) return [];
  return y.flatMap((name): [number, number][] => {
    const up = hoveredVector(lens, name, vectors);
    return up && isPresent(up, 0) && Number.isFinite(up.values[0]!) ? [[across.values[0]!, up.values[0]!]] : [];
  });
}
