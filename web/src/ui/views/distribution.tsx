import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { css } from "../../core/colour";
import { formatCount, formatNumber, fullLabel } from "../../core/format";
import { isPresent } from "../../core/column";
import { own } from "../../core/own";
import type { Lens } from "../lens";
import type { Theme } from "../theme";
import { Chart } from "./chart";
import type { Point } from "./chart";
import type { ChartFrame, Side } from "./chart-layout";
import { ChartTooltip } from "./chart-tooltip";
import { ColumnSelect } from "./column-select";
import { distributionColumn } from "./defaults";
import type { Bar } from "./histogram";
import { barOf, barsOf, brushesOf, cutting, middleOf, touches } from "./histogram";
import { numberScale } from "./number-scale";
import type { Views } from "./state";
import { useCounts } from "./use-counts";
import { ViewFrame } from "./view-frame";

interface DistributionProps {
  readonly lens: Lens;
  readonly theme: Theme;
  readonly views: Views;
}

/** How often each value of a column occurs, among all rows and among the selected ones. */
export function Distribution({ lens, theme, views }: DistributionProps): JSX.Element {
  const choice = views.distribution.value;
  const name = distributionColumn(lens, choice);
  const [active, setActive] = useState<{ readonly bar: number; readonly at: Point | null } | null>(null);
  const info = lens.info(name);
  const summary = lens.summary(name);
  const categories = lens.categories(name);
  const scale = lens.scale(name);
  const binning = lens.binning(name);
  const cut = cutting(binning, summary, categories);
  const counts = useCounts(lens, { pair: [binning, binning], bins: cut.bins });
  const bars = useMemo(
    () => (counts ? barsOf(cut, info, summary, categories, counts.all, counts.chosen) : []),
    [counts?.all, counts?.chosen, JSON.stringify(cut), summary],
  );
  const totals = useMemo(() => {
    const sum = (of: (bar: Bar) => number) => bars.reduce((total, bar) => total + of(bar), 0);
    return {
      all: Math.max(
        1,
        sum((bar) => bar.all),
      ),
      chosen: Math.max(
        1,
        sum((bar) => bar.chosen),
      ),
    };
  }, [bars]);
  const share = choice.measure === "share";
  const heightOf = (bar: Bar, of: "all" | "chosen") => (share ? (100 * bar[of]) / totals[of] : bar[of]);
  const most = Math.max(
    ...bars.map((bar) => Math.max(heightOf(bar, "all"), share ? heightOf(bar, "chosen") : 0)),
    1e-9,
  );
  const height = useMemo(() => numberScale("linear", [0, most], !share), [most, share]);
  const x = useMemo<Side>(() => {
    const ticks = (length: number) =>
      scale
        .ticks(length)
        .filter(({ value }) => Number.isInteger(value))
        .map((tick) => ({ ...tick, position: middleOf(tick.value, cut) }));
    return {
      label: fullLabel(info),
      scale: cut.single && !categories ? { ticks } : scale,
      slots: bars.flatMap(({ place }) => (typeof place === "number" ? [place] : [])),
      // Categories are read from left to right as from head to foot.
      turned: categories !== null,
    };
  }, [bars, scale, info]);
  const y = useMemo<Side>(() => ({ label: share ? "% of rows" : "rows", scale: height, slots: [] }), [height, share]);
  const colours = useMemo(() => {
    const values = Float64Array.from(bars, ({ value }) => value);
    return lens.colouring.ofValues(bars.length, { [name]: { values, valid: null, categories } }, theme.palette.value);
  }, [bars, lens.color.value, theme.palette.value]);
  const brushes = own(lens.brushes.value, name) ?? [];

  const at = (frame: ChartFrame, { x: px }: Point) => bars.findIndex((bar) => within(bar, frame, px));
  const select = (chosen: readonly Bar[], add: boolean) => {
    const mine = brushesOf(chosen);
    const same = JSON.stringify(mine) === JSON.stringify(brushes);
    lens.setBrushes(name, add ? [...brushes, ...mine] : same ? [] : mine);
  };
  const key = (event: KeyboardEvent) => {
    const now = active?.bar ?? -1;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    const bar = bars[now];
    if (step) setActive({ bar: Math.min(bars.length - 1, Math.max(0, now + step)), at: null });
    else if ((event.key === "Enter" || event.key === " ") && bar) select([bar], event.shiftKey);
    else if (event.key === "Delete" || event.key === "Backspace") lens.setBrushes(name, []);
    else return;
    event.preventDefault();
  };
  const marked = hoveredBar(lens, name, bars, cut);
  const shown = active ? bars[active.bar] : undefined;
  const controls = (
    <>
      <ColumnSelect
        lens={lens}
        face="of"
        label="Distribution of"
        value={name}
        onChange={(column) => (views.distribution.value = { ...choice, column })}
      />
      <label>
        <span>as</span>
        <select
          aria-label="Bars say"
          value={choice.measure}
          onChange={(event) =>
            (views.distribution.value = { ...choice, measure: event.currentTarget.value as typeof choice.measure })
          }
        >
          <option value="count">count</option>
          <option value="share">share</option>
        </select>
      </label>
    </>
  );
  return (
    <ViewFrame name="distribution" views={views} controls={controls}>
      <Chart
        label={`Distribution of ${fullLabel(info)}: arrow keys go from bar to bar, Enter selects one, Shift-Enter adds it, Delete clears`}
        x={x}
        y={y}
        pans
        inputs={[bars, share, colours, theme.palette.value, active?.bar, marked, brushes]}
        paint={(context, frame) => {
          const [r, g, b, alpha] = theme.palette.value.context;
          const grey = `rgb(${255 * r} ${255 * g} ${255 * b} / ${Math.min(1, 1.6 * alpha)})`;
          const narrowed = lens.brushed.value;
          bars.forEach((bar, i) => {
            const [from, to] = spanOf(bar, frame);
            const gap = to - from > 5 ? 1 : 0;
            const draw = (size: number, fill: string) => {
              if (!(size > 0)) return;
              // A single row among millions is still seen.
              const tall = Math.max(1.5, frame.bottom - frame.y(height.position(size)));
              context.fillStyle = fill;
              context.fillRect(from + gap / 2, frame.bottom - tall, Math.max(1, to - from - gap), tall);
            };
            if (narrowed) draw(heightOf(bar, "all"), grey);
            context.globalAlpha = i === active?.bar || i === marked ? 1 : 0.86;
            draw(heightOf(bar, "chosen"), css([colours[4 * i]!, colours[4 * i + 1]!, colours[4 * i + 2]!]));
            context.globalAlpha = 1;
          });
        }}
        overlay={(frame) => (
          <>
            {bars.map((bar, i) => {
              const [from, to] = spanOf(bar, frame);
              return brushes.some((brush) => touches(brush, bar)) ? (
                <rect
                  key={i}
                  class="ut-brush-band"
                  x={from}
                  y={frame.bottom}
                  width={Math.max(1, to - from)}
                  height={3}
                />
              ) : null;
            })}
            {marked >= 0 && bars[marked] && <Marker frame={frame} bar={bars[marked]!} />}
            {shown && <Marker frame={frame} bar={shown} />}
          </>
        )}
        keys={key}
        hover={(point, frame) => {
          const bar = point ? at(frame, point) : -1;
          setActive(bar < 0 ? null : { bar, at: point });
        }}
        press={(point, frame, event) => {
          const bar = bars[at(frame, point)];
          if (bar) select([bar], event.shiftKey);
          else if (!event.shiftKey) lens.setBrushes(name, []);
        }}
        enter={() => void lens.crowd?.activate(name)}
        drag={(from, to, frame, event) => {
          const [a, b] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
          const covered = bars.filter((bar) => {
            const [left, right] = spanOf(bar, frame);
            return left < b && right > a;
          });
          const mine = brushesOf(covered);
          if (mine.length && JSON.stringify(mine) !== JSON.stringify(brushes) && !event.shiftKey)
            lens.setBrushes(name, mine);
        }}
      >
        {(frame) =>
          shown && (
            <ChartTooltip at={active?.at ?? { x: middle(shown, frame), y: frame.top + 30 }} frame={frame}>
              <strong>{shown.label}</strong>
              <table>
                <tbody>
                  <tr>
                    <th>all</th>
                    <td>{formatCount(shown.all)}</td>
                    <td>{formatNumber((100 * shown.all) / totals.all)} %</td>
                  </tr>
                  {lens.brushed.value && (
                    <tr>
                      <th>selected</th>
                      <td>{formatCount(shown.chosen)}</td>
                      <td>{formatNumber((100 * shown.chosen) / totals.chosen)} %</td>
                    </tr>
                  )}
                </tbody>
              </table>
            </ChartTooltip>
          )
        }
      </Chart>
    </ViewFrame>
  );
}

function Marker({ frame, bar }: { readonly frame: ChartFrame; readonly bar: Bar }): JSX.Element {
  const x = middle(bar, frame);
  return <path class="ut-hair" d={`M${x} ${frame.top}V${frame.bottom}`} />;
}

/** From where to where a bar stands, in pixels. */
function spanOf({ place }: Bar, frame: ChartFrame): [number, number] {
  if (typeof place === "number") {
    const [x, half] = [frame.x(place), frame.lane * 0.7];
    return [x - half, x + half];
  }
  const [a, b] = [frame.x(place[0]), frame.x(place[1])];
  return [Math.min(a, b), Math.max(a, b)];
}

function middle(bar: Bar, frame: ChartFrame): number {
  const [from, to] = spanOf(bar, frame);
  return (from + to) / 2;
}

function within(bar: Bar, frame: ChartFrame, x: number): boolean {
  const [from, to] = spanOf(bar, frame);
  return x >= from && x < to;
}

/** The bar of the row that is taken up in some view; −1 for none. */
function hoveredBar(lens: Lens, name: string, bars: readonly Bar[], cut: ReturnType<typeof cutting>): number {
  const hovered = lens.hovered.value;
  const vector = hovered && own(hovered.values, name);
  return vector ? barOf(bars, cut, lens.scale(name), vector.values[0]!, !isPresent(vector, 0)) : -1;
}
