import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";
import { move } from "../core/order";

interface SortableProps {
  readonly items: readonly string[];
  readonly label: (item: string) => string;
  readonly onOrder: (items: readonly string[]) => void;
  /** What stands behind the handle of an item. */
  readonly children: (item: string) => ComponentChildren;
}

/** A list whose items are put into another order by their handles: dragged, or moved by the arrow keys. */
export function Sortable({ items, label, onOrder, children }: SortableProps): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  const dragged = useRef<string | null>(null);
  const drag = (event: PointerEvent) => {
    if (dragged.current === null) return;
    const rows = [...list.current!.children];
    const to = rows.findIndex((row) => event.clientY < row.getBoundingClientRect().bottom);
    const from = items.indexOf(dragged.current);
    if (from >= 0 && to !== from) onOrder(move(items, from, to < 0 ? items.length - 1 : to));
  };
  const press = (item: string) => (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const from = items.indexOf(item);
    const to = from + step;
    if (step === 0) return;
    event.preventDefault();
    if (to < 0 || to >= items.length) return;
    const handle = event.currentTarget as HTMLElement;
    onOrder(move(items, from, to));
    // An element that takes another place among its siblings loses the keyboard.
    requestAnimationFrame(() => handle.focus());
  };
  return (
    <ul class="ut-sortable" ref={list}>
      {items.map((item, i) => (
        <li key={item}>
          <button
            type="button"
            class="ut-handle"
            title="Drag, or press the arrow keys, to move"
            aria-label={`Move ${label(item)}, ${i + 1} of ${items.length}: arrow keys`}
            onPointerDown={(event) => {
              if (event.button !== 0) return;
              event.currentTarget.setPointerCapture(event.pointerId);
              dragged.current = item;
            }}
            onPointerMove={drag}
            onPointerUp={() => (dragged.current = null)}
            onPointerCancel={() => (dragged.current = null)}
            onKeyDown={press(item)}
          >
            <svg width="8" height="14" viewBox="0 0 8 14" aria-hidden="true">
              {[2, 7, 12].flatMap((y) => [2, 6].map((x) => <circle key={`${x} ${y}`} cx={x} cy={y} r={1.2} />))}
            </svg>
          </button>
          {children(item)}
        </li>
      ))}
    </ul>
  );
}
