import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { brushBetween } from "../../core/brush";
import { css } from "../../core/colour";
import { FINE_BINS, edges } from "../../core/edges";
import { formatCount, formatNumber, formatTime } from "../../core/format";
import { positions, SLOT_LABELS } from "../../core/scale";
import type { SlotCode } from "../../core/scale";
import type { Lens } from "../lens";
import { colourOf } from "../parallel/traces";
import type { Theme } from "../theme";
import { Tooltip } from "../tooltip";
import { binAt, paintCells } from "./cells";
import { Chart } from "./chart";
import type { Point } from "./chart";
import type { ChartFrame } from "./chart-layout";
import { ChartTooltip } from "./chart-tooltip";
import { ColumnSelect } from "./column-select";
import { scatterColumns } from "./defaults";
import { OWN, PARENT, parentsOf } from "./parents";
import { nearestPoint, paintLineage, paintPoints } from "./points";
import type { Views } from "./state";
import { useCounts } from "./use-counts";
import { hoveredVector, takenUp, useVectors } from "./use-vectors";
import { ViewFrame } from "./view-frame";
import type { ZoomedSide } from "./zoom";
import { valuesBetween, zoomedSide } from "./zoom";

/** How near the pointer must come to a point, in pixels. */
const REACH = 18;

interface ScatterProps {
  readonly lens: Lens;
  readonly theme: Theme;
  readonly views: Views;
}

/** Two columns against each other: a point a row, or of a crowd how many rows lie where. */
export function Scatter({ lens, theme, views }: ScatterProps): JSX.Element {
  const choice = views.scatter.value;
  const { x: xName, y: yName } = scatterColumns(lens, choice);
  const [at, setAt] = useState<Point>({ x: 0, y: 0 });
  const [cell, setCell] = useState<readonly [number, number] | null>(null);
  const [box, setBox] = useState<{ readonly from: Point; readonly to: Point } | null>(null);
  const scales = [lens.scale(xName), lens.scale(yName)] as const;
  const { zoom } = choice;
  const x = useMemo(() => {
    const side = zoomedSide(lens, xName, zoom.x);
    return side.categories ? { ...side, turned: true } : side;
  }, [lens, xName, scales[0], zoom.x]);
  const y = useMemo(() => zoomedSide(lens, yName, zoom.y), [lens, yName, scales[1], zoom.y]);
  const color = lens.color.value;
  const counts = useCounts(
    lens,
    lens.crowd
      ? { pair: [x.binning, y.binning], bins: FINE_BINS, ...(color === null ? {} : { color: lens.binning(color) }) }
      : null,
  );
  const family = lens.lineage.known;
  const vectors = useVectors(lens, [xName, yName, ...(family ? [OWN!, PARENT!] : [])]);
  const places = useMemo(
    () =>
      vectors && {
        x: positions(vectors[xName]!, scales[0]).map(x.place),
        y: positions(vectors[yName]!, scales[1]).map(y.place),
      },
    [vectors, x, y],
  );
  const parents = useMemo(() => (vectors && family ? parentsOf(vectors[OWN!]!, vectors[PARENT!]!) : null), [vectors]);
  const palette = theme.palette.value;
  const exact = lens.exact.value;
  const hovered = lens.hovered.value;
  const relatives = useMemo(
    () => new Set(lens.lineage.relatives.value.map(({ row }) => row)),
    [lens.lineage.relatives.value],
  );
  const dot = [hoveredVector(lens, xName, vectors), hoveredVector(lens, yName, vectors)] as const;

  const set = (next: Partial<typeof choice>) => (views.scatter.value = { ...choice, ...next });
  const reset = () => set({ zoom: { x: null, y: null } });
  const zoomTo = (frame: ChartFrame, from: Point, to: Point) => {
    const [xs, ys] = [
      valuesBetween(x, place(frame, "x", from), place(frame, "x", to)),
      valuesBetween(y, place(frame, "y", from), place(frame, "y", to)),
    ];
    set({ zoom: { x: xs, y: ys } });
  };
  const brush = (frame: ChartFrame, from: Point, to: Point) => {
    for (const [side, axis] of [
      [x, "x"],
      [y, "y"],
    ] as const) {
      const [a, b] = [place(frame, axis, from), place(frame, axis, to)].map((each) => side.back(each)) as [
        number,
        number,
      ];
      const made = brushBetween(a, b, side.whole, lens.categories(side.column));
      if (made) lens.setBrushes(side.column, [made]);
    }
  };
  const hover = (point: Point | null, frame: ChartFrame) => {
    if (!point) {
      setCell(null);
      return lens.hover(null);
    }
    setAt(point);
    if (lens.crowd) {
      const found = [binAt(x, frame.atX(point.x)), binAt(y, frame.atY(point.y))] as const;
      return setCell(found[0] < 0 || found[1] < 0 ? null : found);
    }
    if (!places || !vectors) return;
    const row = nearestPoint(places, exact.selected, frame, point, REACH);
    lens.hover(row === null ? null : takenUp(lens, row, vectors, "scatter"));
  };
  const key = (event: KeyboardEvent, frame: ChartFrame) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1 } as Record<string, number>;
    if (event.key in steps && places && vectors) {
      const visible = [...exact.selected.keys()].filter(
        (row) => exact.selected[row] === 1 && !Number.isNaN(places.x[row]! + places.y[row]!),
      );
      visible.sort((a, b) => places.x[a]! - places.x[b]! || a - b);
      const now = visible.indexOf(hovered?.row ?? -1);
      const row = visible[Math.min(visible.length - 1, Math.max(0, now + steps[event.key]!))];
      if (row === undefined) return;
      setAt({ x: frame.x(places.x[row]!), y: frame.y(places.y[row]!) });
      lens.hover(takenUp(lens, row, vectors, "scatter"));
    } else if (event.key === "+" || event.key === "-") {
      const grow = event.key === "+" ? 0.25 : -0.5;
      const between = (side: ZoomedSide): [number, number] => {
        const [a, b] = [side.back(grow), side.back(1 - grow)].map((each) => Math.min(1, Math.max(0, each)));
        return [side.whole.invert(a!), side.whole.invert(b!)].sort((p, q) => p - q) as [number, number];
      };
      set({ zoom: { x: between(x), y: between(y) } });
    } else if (event.key === "0") reset();
    else return;
    event.preventDefault();
  };

  const zoomed = zoom.x !== null || zoom.y !== null;
  const mode = choice.drag;
  const controls = (
    <>
      <ColumnSelect
        lens={lens}
        face="x"
        label="Scatter x"
        value={xName}
        onChange={(name) => set({ x: name, zoom: { ...zoom, x: null } })}
      />
      <button
        type="button"
        aria-label="Swap x and y"
        title="Swap x and y"
        onClick={() => set({ x: yName, y: xName, zoom: { x: zoom.y, y: zoom.x } })}
      >
        ⇄
      </button>
      <ColumnSelect
        lens={lens}
        face="y"
        label="Scatter y"
        value={yName}
        onChange={(name) => set({ y: name, zoom: { ...zoom, y: null } })}
      />
      <button
        type="button"
        aria-pressed={mode === "brush"}
        title="Whether a drag selects rows instead of zooming; with Shift it does the other"
        onClick={() => set({ drag: mode === "brush" ? "zoom" : "brush" })}
      >
        Brush
      </button>
      {zoomed && (
        <button type="button" title="Show all again: a double click does it, too" onClick={reset}>
          Reset zoom
        </button>
      )}
    </>
  );
  const narrowed = lens.brushed.value;
  const dotAt = (frame: ChartFrame): Point | null => {
    if (!dot[0] || !dot[1]) return null;
    const found = [x.place(positions(dot[0], scales[0])[0]!), y.place(positions(dot[1], scales[1])[0]!)] as const;
    return Number.isNaN(found[0] + found[1]) ? null : { x: frame.x(found[0]), y: frame.y(found[1]) };
  };
  return (
    <ViewFrame name="scatter" views={views} controls={controls}>
      <Chart
        label={`${y.label} against ${x.label}: arrow keys go from row to row, + and − zoom, 0 shows all`}
        x={x}
        y={y}
        inputs={[places, counts?.all, counts?.chosen, lens.crowd ? null : exact, color, palette, narrowed, relatives]}
        paint={(context, frame) => {
          if (counts) {
            const grey = palette.context.slice(0, 3).map((each) => 255 * each) as unknown as [number, number, number];
            if (narrowed) paintCells(context, frame, counts.all, x, y, { palette, colour: grey, strength: 0.35 });
            if (!narrowed || counts.chosen !== counts.all)
              paintCells(context, frame, counts.chosen, x, y, { palette, colour: null, strength: 1 });
          } else if (places) {
            if (parents)
              paintLineage(context, frame, places, exact.selected, parents, relatives, hovered?.row ?? -1, palette);
            paintPoints(context, frame, places, exact.selected, lens.colouring.ofRows(palette), palette, relatives);
          }
        }}
        overlay={(frame) => {
          const point = dotAt(frame);
          return (
            <>
              {box && (
                <rect
                  class="ut-brush-band"
                  x={Math.min(box.from.x, box.to.x)}
                  y={Math.min(box.from.y, box.to.y)}
                  width={Math.abs(box.to.x - box.from.x)}
                  height={Math.abs(box.to.y - box.from.y)}
                />
              )}
              {point && (
                <circle
                  class="ut-dot"
                  cx={point.x}
                  cy={point.y}
                  r={6}
                  fill={css(colourOf(lens, lens.hovered.value?.values ?? {}, theme))}
                />
              )}
            </>
          );
        }}
        keys={key}
        hover={hover}
        drag={(from, to, frame, event, ended) => {
          const brushes = (mode === "brush") !== event.shiftKey;
          setBox(ended ? null : { from, to });
          // A crowd answers to two axes at once only when the hand is done.
          if (brushes && (ended || !lens.crowd)) brush(frame, from, to);
          else if (!brushes && ended) zoomTo(frame, from, to);
        }}
        press={() => {
          if (mode === "brush") for (const name of [xName, yName]) lens.setBrushes(name, []);
        }}
        double={reset}
      >
        {(frame) => (
          <>
            <Tooltip lens={lens} theme={theme} at={{ value: at }} size={frame} from="scatter" />
            {cell && counts && <Cell lens={lens} cell={cell} sides={[x, y]} counts={counts} at={at} frame={frame} />}
          </>
        )}
      </Chart>
    </ViewFrame>
  );
}

/** The place under a point: in lanes, or on the scale as far as it reaches. */
function place(frame: ChartFrame, axis: "x" | "y", point: Point): number {
  const at = axis === "x" ? frame.atX(point.x) : frame.atY(point.y);
  if (at <= 1.2) return at;
  // A box that ends in a lane ends there, too, with the scale.
  return (axis === "x" ? point.x > frame.right : point.y < frame.top) ? 1 : 0;
}

interface CellProps {
  readonly lens: Lens;
  readonly cell: readonly [number, number];
  readonly sides: readonly [ZoomedSide, ZoomedSide];
  readonly counts: NonNullable<ReturnType<typeof useCounts>>;
  readonly at: Point;
  readonly frame: ChartFrame;
}

/** How many rows lie in a cell. */
function Cell({ lens, cell, sides, counts, at, frame }: CellProps): JSX.Element | null {
  const where = cell[0] * counts.all.side + cell[1];
  const [all, chosen] = [counts.all.counts[0]![where] ?? 0, counts.chosen.counts[0]![where] ?? 0];
  if (all === 0) return null;
  return (
    <ChartTooltip at={at} frame={frame}>
      <table>
        <tbody>
          {sides.map((side, i) => (
            <tr key={i}>
              <th>{side.label}</th>
              <td>{stretch(lens, side, cell[i]!)}</td>
            </tr>
          ))}
          <tr>
            <th>rows</th>
            <td>{lens.brushed.value ? `${formatCount(chosen)} of ${formatCount(all)}` : formatCount(all)}</td>
          </tr>
        </tbody>
      </table>
    </ChartTooltip>
  );
}

function stretch(lens: Lens, side: ZoomedSide, bin: number): string {
  if (bin >= FINE_BINS) return SLOT_LABELS[(bin - FINE_BINS + 2) as SlotCode];
  const names = lens.categories(side.column);
  if (names) {
    const from = names.length <= FINE_BINS ? bin : Math.ceil((bin * names.length) / FINE_BINS);
    return names[from] ?? "";
  }
  const cut = edges(side.binning, FINE_BINS);
  const text = lens.info(side.column).kind === "time" ? formatTime : formatNumber;
  return `${text(cut[bin]!)} – ${text(cut[bin + 1]!)}`;
}
