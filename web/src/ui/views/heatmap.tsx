import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { css, rampColour } from "../../core/colour";
import { FINE_BINS } from "../../core/edges";
import { formatCount, formatNumber, formatTime, fullLabel } from "../../core/format";
import type { Cube } from "../../engine/engine";
import type { Lens } from "../lens";
import type { Theme } from "../theme";
import { Chart } from "./chart";
import type { Point } from "./chart";
import type { ChartFrame, Side } from "./chart-layout";
import { ChartTooltip } from "./chart-tooltip";
import { ColumnSelect } from "./column-select";
import { heatmapColumns } from "./defaults";
import type { Band, Bands } from "./heat";
import { bandAt, bandsOf, cellAt, holds, marginOf } from "./heat";
import { brushesOf } from "./histogram";
import { rowTicks } from "./row-labels";
import type { Views } from "./state";
import { useCounts } from "./use-counts";
import { hoveredVector, takenUp, useVectors } from "./use-vectors";
import { ViewFrame } from "./view-frame";

/** How strong a cell is whose rows are not selected. */
const FAINT = 0.16;

interface HeatmapProps {
  readonly lens: Lens;
  readonly theme: Theme;
  readonly views: Views;
}

interface Cell {
  readonly row: number;
  readonly column: number;
}

/** What a column's mean is for every layer at every step, or for any two columns. */
export function Heatmap({ lens, theme, views }: HeatmapProps): JSX.Element {
  const choice = views.heatmap.value;
  const { x: xName, y: yName, value } = heatmapColumns(lens, choice);
  const [active, setActive] = useState<{ readonly cell: Cell; readonly at: Point | null } | null>(null);
  const [rows, columns, colour] = [lens.binning(yName), lens.binning(xName), lens.binning(value)];
  const counts = useCounts(lens, { pair: [rows, columns], bins: FINE_BINS, color: colour });
  const vectors = useVectors(lens, [xName, yName]);
  const bands = (name: string, which: 0 | 1): Bands =>
    counts
      ? bandsOf(
          lens.binning(name),
          lens.info(name),
          lens.summary(name),
          lens.categories(name),
          marginOf(counts.all, which),
        )
      : { bands: [], span: [0, 1] };
  const across = useMemo(() => bands(xName, 1), [counts?.all, xName]);
  const up = useMemo(() => bands(yName, 0), [counts?.all, yName]);
  // Back-propagation runs from the loss back to the input: of layers the last stands at the head.
  const backwards = yName === "layer" && lens.engine.frame.lens === "layers";
  const x = useMemo(() => sideOf(lens, xName, across, lens.categories(xName) !== null), [lens, across]);
  const y = useMemo(() => {
    const names = lens.categories(yName);
    const side = sideOf(lens, yName, up, backwards);
    return names ? { ...side, scale: { ticks: (length: number) => rowTicks(names, length) } } : side;
  }, [lens, up, backwards]);
  const palette = theme.palette.value;
  const ramp = useMemo(() => Array.from({ length: 256 }, (_, i) => css(rampColour(palette.ramp, i / 255))), [palette]);
  const scale = lens.scale(value);
  const narrowed = lens.brushed.value;

  const set = (next: Partial<typeof choice>) => (views.heatmap.value = { ...choice, ...next });
  const cellUnder = (frame: ChartFrame, point: Point): Cell | null => {
    const cell = { row: bandAt(up.bands, frame.atY(point.y)), column: bandAt(across.bands, frame.atX(point.x)) };
    return cell.row < 0 || cell.column < 0 ? null : cell;
  };
  const point = (cell: Cell | null, at: Point | null) => {
    setActive(cell && { cell, at });
    if (!cell) return lens.hover(null);
    if (!vectors) return;
    const [row, column] = [up.bands[cell.row]!, across.bands[cell.column]!];
    const { selected } = lens.exact.peek();
    const [ys, xs] = [vectors[yName]!, vectors[xName]!];
    const found = selected.findIndex((state, i) => state === 1 && holds(column, xs, i) && holds(row, ys, i));
    lens.hover(found < 0 ? null : takenUp(lens, found, vectors, "heatmap"));
  };
  const select = (from: Cell, to: Cell, toggles: boolean) => {
    const slice = (bands: readonly Band[], a: number, b: number) =>
      brushesOf(bands.slice(Math.min(a, b), Math.max(a, b) + 1).map((band) => ({ ...band, all: 0, chosen: 0 })));
    const made = [
      [yName, slice(up.bands, from.row, to.row)],
      [xName, slice(across.bands, from.column, to.column)],
    ] as const;
    const same = made.every(([name, mine]) => JSON.stringify(lens.brushes.value[name]) === JSON.stringify(mine));
    for (const [name, mine] of made) lens.setBrushes(name, toggles && same ? [] : mine);
  };
  const key = (event: KeyboardEvent) => {
    const now = active?.cell ?? { row: 0, column: -1 };
    const down = backwards || !lens.categories(yName) ? -1 : 1;
    const steps: Record<string, Cell> = {
      ArrowLeft: { row: 0, column: -1 },
      ArrowRight: { row: 0, column: 1 },
      ArrowUp: { row: -down, column: 0 },
      ArrowDown: { row: down, column: 0 },
    };
    const step = steps[event.key];
    const within = (at: number, bands: readonly Band[]) => Math.min(bands.length - 1, Math.max(0, at));
    if (step && up.bands.length && across.bands.length)
      point(
        { row: within(now.row + step.row, up.bands), column: within(now.column + step.column, across.bands) },
        null,
      );
    else if ((event.key === "Enter" || event.key === " ") && active) select(active.cell, active.cell, true);
    else if (event.key === "Delete" || event.key === "Backspace")
      for (const name of [xName, yName]) lens.setBrushes(name, []);
    else return;
    event.preventDefault();
  };
  const rectOf = (frame: ChartFrame, from: Cell, to: Cell = from) => {
    const edges = (bands: readonly Band[], a: number, b: number, at: (place: number) => number) => {
      const all = [bands[a]!, bands[b]!].flatMap(({ place }) => place.map(at));
      return [Math.min(...all), Math.max(...all)] as const;
    };
    const [x0, x1] = edges(across.bands, from.column, to.column, frame.x);
    const [y0, y1] = edges(up.bands, from.row, to.row, frame.y);
    return { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
  };
  const marked = useMarked(lens, xName, yName, across.bands, up.bands, vectors);
  const [box, setBox] = useState<readonly [Cell, Cell] | null>(null);
  const controls = (
    <>
      <ColumnSelect
        lens={lens}
        face="of"
        label="Heatmap of"
        value={value}
        allowed={({ kind }) => kind === "number"}
        onChange={(name) => set({ value: name })}
      />
      <ColumnSelect lens={lens} face="rows" label="Heatmap rows" value={yName} onChange={(name) => set({ y: name })} />
      <ColumnSelect
        lens={lens}
        face="over"
        label="Heatmap columns"
        value={xName}
        onChange={(name) => set({ x: name })}
      />
    </>
  );
  const valueText = (place: number) =>
    (lens.info(value).kind === "time" ? formatTime : formatNumber)(scale.invert(place));
  return (
    <ViewFrame name="heatmap" views={views} controls={controls}>
      <p class="ut-key">
        <span class="ut-scale-key">
          {fullLabel(lens.info(value))} {valueText(0)}
          <i
            class="ut-scale"
            style={{ background: `linear-gradient(to right, ${ramp.filter((_, i) => i % 15 === 0).join(",")})` }}
          />
          {valueText(1)}
        </span>
      </p>
      <Chart
        label={`${fullLabel(lens.info(value))} for each ${y.label} over ${x.label}: arrow keys go from cell to cell, Enter selects one, Delete clears`}
        x={x}
        y={y}
        inputs={[counts?.all, counts?.chosen, across, up, ramp, narrowed]}
        paint={(context, frame) => {
          if (!counts) return;
          const [columnEdges, rowEdges] = [across.bands.map(pixels(frame.x)), up.bands.map(pixels(frame.y))];
          const layers: [Cube, number][] = [[counts.all, narrowed ? FAINT : 1]];
          if (narrowed && counts.chosen !== counts.all) layers.push([counts.chosen, 1]);
          for (const [cube, alpha] of layers) {
            context.globalAlpha = alpha;
            up.bands.forEach((row, i) => {
              const [top, bottom] = rowEdges[i]!;
              across.bands.forEach((column, j) => {
                const { count, mean } = cellAt(cube, row, column);
                if (count === 0) return;
                const [left, right] = columnEdges[j]!;
                context.fillStyle = Number.isNaN(mean) ? css(palette.unknown) : ramp[Math.round(255 * mean)]!;
                context.fillRect(left, top, right - left, bottom - top);
              });
            });
          }
          context.globalAlpha = 1;
        }}
        overlay={(frame) => (
          <>
            {box && <rect class="ut-brush-band" {...rectOf(frame, ...box)} />}
            {marked && <rect class="ut-cell" {...rectOf(frame, marked)} />}
            {active && up.bands[active.cell.row] && across.bands[active.cell.column] && (
              <rect class="ut-cell" {...rectOf(frame, active.cell)} />
            )}
          </>
        )}
        keys={key}
        hover={(at, frame) => point(at && cellUnder(frame, at), at)}
        press={(at, frame) => {
          const cell = cellUnder(frame, at);
          if (cell) select(cell, cell, true);
          else for (const name of [xName, yName]) lens.setBrushes(name, []);
        }}
        drag={(from, to, frame, _, ended) => {
          const clamp = ({ x: px, y: py }: Point) => ({
            x: Math.min(frame.right - 1, Math.max(frame.left + 1, px)),
            y: Math.min(frame.bottom - 1, Math.max(frame.top + 1, py)),
          });
          const ends = [cellUnder(frame, clamp(from)), cellUnder(frame, clamp(to))] as const;
          const whole = ends[0] && ends[1] ? ([ends[0], ends[1]] as const) : null;
          setBox(ended ? null : whole);
          // A crowd answers to two axes at once only when the hand is done.
          if (whole && (ended || !lens.crowd)) select(...whole, false);
        }}
      >
        {(frame) => {
          const [row, column] = active ? [up.bands[active.cell.row], across.bands[active.cell.column]] : [];
          if (!active || !row || !column || !counts) return null;
          const all = cellAt(counts.all, row, column);
          const chosen = cellAt(counts.chosen, row, column);
          const rect = rectOf(frame, active.cell);
          return (
            <ChartTooltip at={active.at ?? { x: rect.x + rect.width, y: rect.y }} frame={frame}>
              <table>
                <tbody>
                  <tr>
                    <th>{y.label}</th>
                    <td>{row.label}</td>
                  </tr>
                  <tr>
                    <th>{x.label}</th>
                    <td>{column.label}</td>
                  </tr>
                  <tr>
                    <th>{fullLabel(lens.info(value))}</th>
                    <td>{meanText(all, valueText)}</td>
                  </tr>
                  <tr>
                    <th>rows</th>
                    <td>
                      {narrowed ? `${formatCount(chosen.count)} of ${formatCount(all.count)}` : formatCount(all.count)}
                    </td>
                  </tr>
                </tbody>
              </table>
            </ChartTooltip>
          );
        }}
      </Chart>
    </ViewFrame>
  );
}

/** From where to where a band reaches on the screen: on whole pixels, so that no ground shows between neighbours. */
function pixels(at: (place: number) => number): (band: Band) => [number, number] {
  const snap = (pixel: number) => Math.round(pixel * devicePixelRatio) / devicePixelRatio;
  return ({ place }) => {
    const [a, b] = [snap(at(place[0])), snap(at(place[1]))];
    return [Math.min(a, b), Math.max(a, b, Math.min(a, b) + 1 / devicePixelRatio)];
  };
}

function meanText({ count, mean }: { count: number; mean: number }, text: (place: number) => string): string {
  return count === 0 ? "none" : Number.isNaN(mean) ? "no finite value" : `≈ ${text(mean)}`;
}

/** A side made of bands, named as the column's own scale names it. */
function sideOf(lens: Lens, name: string, { span }: Bands, turned: boolean): Side {
  const scale = lens.scale(name);
  const width = span[1] - span[0];
  const ticks = (length: number) =>
    scale.ticks(length).map((tick) => ({ ...tick, position: (tick.position - span[0]) / width }));
  return { label: fullLabel(lens.info(name)), scale: { ticks }, slots: [], turned };
}

/** The cell of the row that is taken up in another view. */
function useMarked(
  lens: Lens,
  x: string,
  y: string,
  across: readonly Band[],
  up: readonly Band[],
  vectors: ReturnType<typeof useVectors>,
): Cell | null {
  const [xs, ys] = [hoveredVector(lens, x, vectors), hoveredVector(lens, y, vectors)];
  if (!xs || !ys || lens.hovered.value?.from === "heatmap") return null;
  const cell = { row: up.findIndex((band) => holds(band, ys)), column: across.findIndex((band) => holds(band, xs)) };
  return cell.row < 0 || cell.column < 0 ? null : cell;
}
