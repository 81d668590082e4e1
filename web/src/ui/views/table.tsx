import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { css } from "../../core/colour";
import { exactValue, formatValue } from "../../core/format";
import { own } from "../../core/own";
import type { Rows } from "../../engine/engine";
import { take } from "../../engine/vectors";
import type { Hovered, Lens } from "../lens";
import type { Theme } from "../theme";
import { Search } from "./search";
import type { Views } from "./state";
import type { PlacedColumn } from "./table-columns";
import { cellClass, cellStyle, columnOrder, inSight, placeColumns, widthOf } from "./table-columns";
import { Head } from "./table-head";
import type { Place } from "./table-scroll";
import { LongScroll } from "./table-scroll";
import { useAnswer } from "./use-answer";
import { ViewFrame } from "./view-frame";

const ROW = 26;
const HEAD = 32;
/** Rows, and pixels of columns, made beyond those in sight, so that a scroll finds them there. */
const [MARGIN, SIDE] = [8, 300];
/** Pinned rows stand above the others as long as they take less of the table than this. */
const PINNED_SHARE = 0.5;
/** Milliseconds after which a bar that was moved is put where it belongs. */
const REST = 150;

interface TableProps {
  readonly lens: Lens;
  readonly theme: Theme;
  readonly views: Views;
}

/** The selected rows; only those in sight are asked for and drawn. */
export function Table({ lens, theme, views }: TableProps): JSX.Element {
  const body = useRef<HTMLDivElement>(null);
  const view = useMemo(() => signal({ left: 0, width: 600, height: 160 }), []);
  const place = useMemo(() => signal<Place>({ top: 0, scroll: 0 }), []);
  const [page, setPage] = useState<{ rows: Rows; offset: number } | null>(null);
  const choice = views.table.value;
  // The shown axes lead, the hidden columns follow: nothing that was recorded is out of reach.
  const drawn = lens.drawn.value;
  const names = useMemo(() => {
    const shown = new Set(drawn);
    const hidden = lens.columns.map(({ name }) => name).filter((name) => !shown.has(name));
    return columnOrder([...drawn, ...hidden], choice);
  }, [lens, drawn, choice]);
  // A column may have gone with the run that had it.
  const sort = choice.sort.filter(({ column }) => names.includes(column));
  const filters = lens.settled.value;
  const total = page?.rows.total ?? 0;
  const { left, width, height } = view.value;
  const pins = lens.pins.list.value.map(({ row }) => row);
  const pinned = PINNED_SHARE * height > pins.length * ROW ? pins : [];
  const headed = HEAD + pinned.length * ROW;
  const scroll = useMemo(() => new LongScroll(total, ROW, Math.max(0, height - headed)), [total, height, headed]);
  const { top, scroll: at } = place.value;
  const offset = Math.max(0, Math.floor(top / ROW) - MARGIN);
  const limit = Math.ceil(height / ROW) + 2 * MARGIN;
  const placed = useMemo(
    () =>
      placeColumns(
        names,
        names.map((name) => widthOf(lens, name)),
        choice.pinned,
        width,
      ),
    [lens, names, choice.pinned, width],
  );
  const columns = inSight(placed, left - SIDE, left + width + SIDE);
  const last = placed.at(-1);
  const whole = last ? last.left + last.width : 0;
  const asked = [...new Set([...columns.map(({ name }) => name), ...lens.wanted.value])];

  useLayoutEffect(() => {
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = body.current!;
      view.value = { ...view.peek(), width, height };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(body.current!);
    return () => observer.disconnect();
  }, [view]);
  useEffect(() => {
    let current = true;
    void lens.engine
      .rows({ columns: asked, filters, offset, limit, ...(sort.length ? { order: sort } : {}) })
      .then((rows) => {
        if (current) setPage({ rows, offset });
      });
    return () => void (current = false);
  }, [lens, asked.join("\n"), filters, offset, limit, JSON.stringify(sort)]);
  const kept = useAnswer(lens, pinned.length ? [pinned, asked] : null, async () => {
    const ids = Uint32Array.from(pinned);
    return { ids, columns: await lens.engine.values(ids, asked) };
  });
  useScroll(body, scroll, place);

  const search = (
    <>
      <Search lens={lens} />
      {choice.order.length > 0 && (
        <button type="button" onClick={() => (views.table.value = { ...choice, order: [] })}>
          Columns as they come
        </button>
      )}
    </>
  );
  return (
    <ViewFrame name="table" views={views} controls={search}>
      <div
        class="ut-table"
        ref={body}
        role="table"
        aria-label="Selected rows"
        aria-rowcount={total + 1}
        aria-colcount={names.length}
        tabIndex={0}
        onScroll={(event) => {
          const { scrollTop, scrollLeft } = event.currentTarget;
          place.value = scroll.moved(place.peek(), scrollTop);
          if (scrollLeft !== view.peek().left) view.value = { ...view.peek(), left: scrollLeft };
        }}
        onPointerLeave={() => lens.hover(null)}
      >
        <div class="ut-columns" style={{ width: `${whole}px` }}>
          <Head lens={lens} views={views} columns={columns} all={placed} sort={sort} whole={whole} />
          {kept && pinned.length > 0 && (
            <div
              class="ut-kept"
              role="rowgroup"
              aria-label="Pinned rows"
              style={{ height: `${pinned.length * ROW}px` }}
            >
              {[...kept.ids].map((row, i) => (
                <Row key={row} lens={lens} theme={theme} columns={columns} rows={kept} at={i} top={i * ROW} />
              ))}
            </div>
          )}
          <div class="ut-body" style={{ height: `${scroll.height}px` }} role="rowgroup">
            {page &&
              [...page.rows.ids].map((row, i) => (
                <Row
                  key={row}
                  lens={lens}
                  theme={theme}
                  columns={columns}
                  rows={page.rows}
                  at={i}
                  index={page.offset + i + 2}
                  top={at + (page.offset + i) * ROW - top}
                />
              ))}
          </div>
        </div>
        {page && total === 0 && <p class="ut-none">No row is selected.</p>}
      </div>
    </ViewFrame>
  );
}

interface RowProps {
  readonly lens: Lens;
  readonly theme: Theme;
  readonly columns: readonly PlacedColumn[];
  readonly rows: Pick<Rows, "ids" | "columns">;
  /** Its place among the rows. */
  readonly at: number;
  readonly index?: number;
  readonly top: number;
}

/** One row: its colour, which pins it when pressed, and what it holds. */
function Row({ lens, theme, columns, rows, at, index, top }: RowProps): JSX.Element {
  const row = rows.ids[at]!;
  const values = useMemo(() => valuesAt(rows, at), [rows, at]);
  const [r, g, b] = lens.colouring.ofValues(1, values, theme.palette.value);
  const pinned = lens.pins.has(row);
  return (
    <div
      role="row"
      {...(index === undefined ? {} : { "aria-rowindex": index })}
      class={lens.hovered.value?.row === row ? "ut-row ut-lit" : "ut-row"}
      style={{ top: `${top}px` }}
      onPointerEnter={() => lens.hover({ row, from: "table", values })}
    >
      <span role="rowheader" class="ut-row-pin">
        <button
          type="button"
          aria-label={`Pin row ${row}`}
          aria-pressed={pinned}
          title={pinned ? "Let this row go" : "Pin this row: here, and its line in the plot"}
          onClick={() => lens.pins.toggle(row)}
        >
          <i style={{ background: css([r!, g!, b!]) }} />
        </button>
      </span>
      {columns.map((column, k) => {
        const vector = own(values, column.name);
        const info = lens.info(column.name);
        return (
          <span
            key={column.name}
            role="cell"
            aria-colindex={column.index + 1}
            class={cellClass(lens, column)}
            style={cellStyle(columns, k)}
            title={vector ? exactValue(info, vector, 0) : ""}
          >
            {vector ? formatValue(info, vector, 0) : ""}
          </span>
        );
      })}
    </div>
  );
}

/** One row of several as vectors of their own, as the plot takes it up. */
function valuesAt(rows: Pick<Rows, "columns">, place: number): Hovered["values"] {
  const values = Object.entries(rows.columns).map(([name, vector]) => [name, take(vector, Uint32Array.of(place))]);
  return Object.fromEntries(values);
}

/** Wheel and keys go row by row where the bar cannot, and the bar follows. */
function useScroll(
  body: { readonly current: HTMLElement | null },
  scroll: LongScroll,
  place: { value: Place; peek(): Place },
): void {
  useEffect(() => {
    const element = body.current!;
    if (!scroll.scaled) return;
    const put = (next: Place) => {
      place.value = next;
      element.scrollTop = next.scroll;
    };
    let rest: ReturnType<typeof setTimeout> | undefined;
    const wheel = (event: WheelEvent) => {
      if (event.ctrlKey || event.shiftKey || event.deltaY === 0) return;
      const unit = event.deltaMode === 1 ? ROW : event.deltaMode === 2 ? element.clientHeight : 1;
      put(scroll.by(place.peek(), event.deltaY * unit));
      if (event.deltaX) element.scrollLeft += event.deltaX * unit;
      event.preventDefault();
    };
    const key = (event: KeyboardEvent) => {
      if (event.target !== element || event.altKey || event.ctrlKey || event.metaKey) return;
      const leaf = element.clientHeight - HEAD - ROW;
      const steps: Record<string, number> = {
        ArrowDown: ROW,
        ArrowUp: -ROW,
        PageDown: leaf,
        PageUp: -leaf,
        Home: -Infinity,
        End: Infinity,
      };
      const step = steps[event.key];
      if (step === undefined) return;
      put(scroll.by(place.peek(), step));
      event.preventDefault();
    };
    const settle = () => {
      clearTimeout(rest);
      rest = setTimeout(() => put(scroll.to(place.peek().top)), REST);
    };
    element.addEventListener("wheel", wheel, { passive: false });
    element.addEventListener("keydown", key);
    element.addEventListener("scroll", settle);
    return () => {
      clearTimeout(rest);
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("keydown", key);
      element.removeEventListener("scroll", settle);
    };
  }, [body, scroll, place]);
}
