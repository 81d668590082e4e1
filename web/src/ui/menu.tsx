import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";

interface MenuProps {
  /** What the button shows. */
  readonly face: ComponentChildren;
  readonly label: string;
  readonly class: string;
  /** Opens the panel when it becomes true, whatever else asks for it. */
  readonly asked?: boolean;
  readonly onClose?: () => void;
  readonly children: (close: () => void) => ComponentChildren;
}

/** A button that opens a small panel beneath itself; Escape or a press elsewhere closes it. */
export function Menu({ face, label, class: name, asked = false, onClose, children }: MenuProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const close = () => {
    setOpen(false);
    onClose?.();
  };
  useEffect(() => {
    if (asked) setOpen(true);
  }, [asked]);
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
    const follow = () => {
      // It may be gone already, and this not yet.
      if (root.current && panel.current) place(root.current, panel.current);
    };
    follow();
    // Content that grows must not grow out of the window.
    const observer = new ResizeObserver(follow);
    observer.observe(panel.current!);
    addEventListener("scroll", follow, true);
    return () => {
      observer.disconnect();
      removeEventListener("scroll", follow, true);
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
        onClick={() => (open ? close() : setOpen(true))}
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

/** Puts a panel beneath its button and inside the window. Fixed, since the plot clips what it holds. */
function place(root: HTMLElement, panel: HTMLElement): void {
  const button = root.querySelector("button")!.getBoundingClientRect();
  const { width, height } = panel.getBoundingClientRect();
  const left = Math.max(8, Math.min(button.left, innerWidth - 8 - width));
  const top = Math.max(8, Math.min(button.bottom + 4, innerHeight - 8 - height));
  panel.style.translate = "none";
  const at = panel.getBoundingClientRect();
  // Not every page measures what is fixed from the window: one that transforms does not.
  panel.style.translate = `${left - at.left}px ${top - at.top}px`;
}
