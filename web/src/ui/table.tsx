import { computed, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { css } from "../core/colour";
import { exactValue, fullLabel, formatValue } from "../core/format";
import { own } from "../core/own";
import type { Rows } from "../engine/engine";
import { take } from "../engine/vectors";
import type { Hovered, Lens } from "./lens";
import type { Theme } from "./theme";

const ROW = 26;
/** Rows asked for beyond those in sight, so that a scroll finds them there. */
const MARGIN = 8;

interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** The selected rows; only those in sight are asked for and drawn. */
export function Table({ lens, theme }: { lens: Lens; theme: Theme }): JSX.Element {
  const body = useRef<HTMLDivElement>(null);
  const [chosen, setSort] = useState<Sort | null>(null);
  const view = useMemo(() => signal({ top: 0, height: 160 }), []);
  const [page, setPage] = useState<{ rows: Rows; offset: number } | null>(null);
  // The shown axes lead, the hidden columns follow: nothing that was recorded is out of reach.
  const order = useMemo(
    () =>
      computed(() => {
        const { drawn, engine } = lens;
        const hidden = engine.frame.columns.map((column) => column.name).filter((name) => !drawn.value.includes(name));
        return [...drawn.value, ...hidden];
      }),
    [lens],
  );
  const names = order.value;
  // Its column may have gone with the run that had it.
  const sort = chosen && names.includes(chosen.column) ? chosen : null;
  const filters = lens.settled.value;
  const { top, height } = view.value;
  const offset = Math.max(0, Math.floor(top / ROW) - MARGIN);
  const limit = Math.ceil(height / ROW) + 2 * MARGIN;

  useLayoutEffect(() => {
    const measure = () => (view.value = { ...view.peek(), height: body.current!.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(body.current!);
    return () => observer.disconnect();
  }, [view]);
  useEffect(() => {
    let current = true;
    void lens.engine
      .rows({ columns: names, filters, offset, limit, ...(sort ? { order: [sort] } : {}) })
      .then((rows) => {
        if (current) setPage({ rows, offset });
      });
    return () => void (current = false);
  }, [lens, names.join("\n"), filters, offset, limit, sort]);

  const columns = `12px ${names.map((name) => `minmax(${widthOf(lens, name)}px, 1fr)`).join(" ")}`;
  const least = names.reduce((sum, name) => sum + widthOf(lens, name), 12);
  const colours = page
    ? lens.coloursOf(page.rows.ids.length, page.rows.columns, theme.palette.value)
    : new Uint8Array(0);
  const total = page?.rows.total ?? 0;
  return (
    <div
      class="ut-table"
      ref={body}
      role="table"
      aria-label="Selected rows"
      aria-rowcount={total + 1}
      tabIndex={0}
      onScroll={(event) =>
        (view.value = { top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })
      }
      onPointerLeave={() => lens.hover(null)}
    >
      <div class="ut-columns" style={{ minWidth: `${least}px` }}>
        <div class="ut-row ut-head" role="row" style={{ gridTemplateColumns: columns }}>
          <span />
          {names.map((name) => (
            <span
              key={name}
              role="columnheader"
              class={lens.info(name).kind === "number" ? "ut-number" : ""}
              aria-sort={sort?.column === name ? (sort.descending ? "descending" : "ascending") : "none"}
            >
              <button
                type="button"
                title={lens.info(name).description || name}
                onClick={() => setSort(nextSort(sort, name))}
              >
                {fullLabel(lens.info(name))}
                {sort?.column === name && <span aria-hidden="true">{sort.descending ? " ↓" : " ↑"}</span>}
              </button>
            </span>
          ))}
        </div>
        <div style={{ height: `${total * ROW}px`, position: "relative" }} role="rowgroup">
          {page &&
            [...page.rows.ids].map((row, i) => (
              <div
                key={row}
                role="row"
                aria-rowindex={page.offset + i + 2}
                class={lens.hovered.value?.row === row ? "ut-row ut-lit" : "ut-row"}
                style={{ gridTemplateColumns: columns, top: `${(page.offset + i) * ROW}px` }}
                onPointerEnter={() => lens.hover(taken(page.rows, row, i))}
              >
                <i style={{ background: css([colours[4 * i]!, colours[4 * i + 1]!, colours[4 * i + 2]!]) }} />
                {names.map((name) => {
                  const vector = own(page.rows.columns, name);
                  const text = vector ? formatValue(lens.info(name), vector, i) : "";
                  return (
                    <span
                      key={name}
                      role="cell"
                      class={lens.info(name).kind === "number" ? "ut-number" : ""}
                      title={vector ? exactValue(lens.info(name), vector, i) : ""}
                    >
                      {text}
                    </span>
                  );
                })}
              </div>
            ))}
        </div>
      </div>
    </div>
  );
}

/** One row of a page, as the plot takes it up. */
function taken(rows: Rows, row: number, place: number): Hovered {
  const values = Object.entries(rows.columns).map(([name, vector]) => [name, take(vector, Uint32Array.of(place))]);
  return { row, from: "table", values: Object.fromEntries(values) };
}

function nextSort(sort: Sort | null, column: string): Sort | null {
  if (sort?.column !== column) return { column, descending: false };
  return sort.descending ? null : { column, descending: true };
}

function widthOf(lens: Lens, name: string): number {
  const info = lens.info(name);
  const label = fullLabel(info).length * 7.2 + 34;
  const content = info.kind === "time" ? 190 : info.kind === "category" ? 140 : 96;
  return Math.round(Math.min(260, Math.max(label, content)));
}
