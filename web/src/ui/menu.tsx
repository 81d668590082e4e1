import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";

interface MenuProps {
  /** What the button shows. */
  readonly face: ComponentChildren;
  readonly label: string;
  readonly class: string;
  readonly children: (close: () => void) => ComponentChildren;
}

/** A button that opens a small panel beneath itself; Escape or a press elsewhere closes it. */
export function Menu({ face, label, class: name, children }: MenuProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const close = () => setOpen(false);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) close();
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      close();
      root.current?.querySelector("button")?.focus();
    };
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("keydown", escape);
    // Kept inside the window: an axis at the right edge opens its menu to the left.
    const box = panel.current!.getBoundingClientRect();
    panel.current!.style.translate = `${Math.min(0, innerWidth - 8 - box.right) - Math.min(0, box.left - 8)}px 0`;
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      document.removeEventListener("keydown", escape);
    };
  }, [open]);
  return (
    <div class={`ut-menu ${name}`} ref={root}>
      <button
        type="button"
        aria-label={label}
        title={label}
        aria-haspopup="true"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {face}
      </button>
      {open && (
        <div class="ut-menu-panel" ref={panel} role="group" aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  );
}
