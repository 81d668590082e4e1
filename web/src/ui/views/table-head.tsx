import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { fullLabel } from "../../core/format";
import { move } from "../../core/order";
import type { Lens } from "../lens";
import type { Sort, Views } from "./state";
import type { PlacedColumn } from "./table-columns";
import { cellClass, cellStyle, nextSort } from "./table-columns";

/** How far a hand moves before a press on a name becomes a drag, in pixels. */
const SLACK = 5;

interface HeadProps {
  readonly lens: Lens;
  readonly views: Views;
  /** The columns that are made. */
  readonly columns: readonly PlacedColumn[];
  readonly all: readonly PlacedColumn[];
  readonly sort: readonly Sort[];
  readonly whole: number;
}

/** The columns' names: a press sorts, a drag or Alt with an arrow key moves, a pin keeps a column at the left. */
export function Head({ lens, views, columns, all, sort, whole }: HeadProps): JSX.Element {
  const row = useRef<HTMLDivElement>(null);
  /** The press that ends a drag does not sort. */
  const dragged = useRef(false);
  const [drop, setDrop] = useState<{ readonly from: number; readonly to: number } | null>(null);
  const choice = views.table.value;
  const reorder = (from: number, to: number) => {
    const order = move(
      all.map(({ name }) => name),
      from,
      Math.min(all.length - 1, Math.max(0, to)),
    );
    const pinned = order.filter((name) => choice.pinned.includes(name));
    views.table.value = { ...choice, order, pinned };
  };
  const press = (event: PointerEvent, from: number) => {
    if (event.button !== 0) return;
    const button = event.currentTarget as HTMLElement;
    dragged.current = false;
    const start = event.clientX;
    let to: number | null = null;
    const onMove = (moved: PointerEvent) => {
      if (to === null && Math.abs(moved.clientX - start) < SLACK) return;
      const x = moved.clientX - row.current!.getBoundingClientRect().left;
      const found = all.findIndex(({ left, width }) => x < left + width);
      to = found < 0 ? all.length - 1 : found;
      setDrop({ from, to });
    };
    const onUp = () => {
      button.removeEventListener("pointermove", onMove);
      setDrop(null);
      if (to === null) return;
      dragged.current = true;
      if (to !== from) reorder(from, to);
    };
    button.setPointerCapture(event.pointerId);
    button.addEventListener("pointermove", onMove);
    button.addEventListener("lostpointercapture", onUp, { once: true });
  };
  return (
    <div class="ut-row ut-head" role="row" ref={row} style={{ width: `${whole}px` }}>
      <i />
      {columns.map((column, i) => {
        const { name, pinned } = column;
        const info = lens.info(name);
        const at = column.index;
        const rank = sort.findIndex((each) => each.column === name);
        const by = sort[rank];
        const mark = drop && drop.from !== drop.to && drop.to === at;
        return (
          <span
            key={name}
            role="columnheader"
            aria-colindex={at + 1}
            class={`${cellClass(lens, column)} ${mark ? (drop.to > drop.from ? "ut-drop-after" : "ut-drop-before") : ""}`}
            aria-sort={by ? (by.descending ? "descending" : "ascending") : "none"}
            style={cellStyle(columns, i)}
          >
            <button
              type="button"
              class="ut-column-name"
              title={`${info.description || fullLabel(info)}\n\nPress to sort, with Shift to sort by this as well; drag or Alt with ← → to move`}
              onClick={({ shiftKey }) => {
                if (!dragged.current) views.table.value = { ...choice, sort: nextSort(sort, name, shiftKey) };
                dragged.current = false;
              }}
              onPointerDown={(event) => press(event, at)}
              onKeyDown={(event) => {
                if (!event.altKey || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
                reorder(at, at + (event.key === "ArrowLeft" ? -1 : 1));
                event.preventDefault();
              }}
            >
              <span class="ut-column-label">{fullLabel(info)}</span>
              {by && (
                <span class="ut-column-order" aria-hidden="true">
                  {by.descending ? "↓" : "↑"}
                  {sort.length > 1 && <sub>{rank + 1}</sub>}
                </span>
              )}
            </button>
            <button
              type="button"
              class="ut-pin"
              aria-label={`Pin ${fullLabel(info)}`}
              aria-pressed={pinned}
              title={pinned ? "Let this column scroll again" : "Keep this column at the left"}
              onClick={() => {
                const others = choice.pinned.filter((each) => each !== name);
                views.table.value = { ...choice, pinned: pinned ? others : [...others, name] };
              }}
            >
              <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
                <path d="M3 1h4M3.5 1v3L2 6h6L6.5 4V1M5 6v3.5" />
              </svg>
            </button>
          </span>
        );
      })}
    </div>
  );
}
