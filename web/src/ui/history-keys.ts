import { useEffect } from "preact/hooks";
import type { Lens } from "./lens";

/**
 * Ctrl-Z undoes and Ctrl-Y or Ctrl-Shift-Z does again (Cmd on a Mac) while the workbench has the keyboard, or nothing has
 * it and the last press was on the workbench: a button that was pressed may be gone.
 */
export function useHistoryKeys(root: { readonly current: HTMLElement | null }, lens: Lens | null): void {
  useEffect(() => {
    if (!lens) return;
    let pressed = false;
    const within = (event: Event) => event.composedPath().includes(root.current!);
    const press = (event: Event) => void (pressed = within(event));
    const key = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const [target] = event.composedPath();
      if (!within(event) && !(pressed && target === document.body)) return;
      if (target instanceof HTMLInputElement && target.type !== "checkbox") return;
      const letter = event.key.toLowerCase();
      const action = letter === "y" || (letter === "z" && event.shiftKey) ? "redo" : letter === "z" ? "undo" : null;
      if (!action || (action === "undo" ? lens.steps : lens.undone).peek().length === 0) return;
      lens[action]();
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener("pointerdown", press, true);
    addEventListener("keydown", key, true);
    return () => {
      removeEventListener("pointerdown", press, true);
      removeEventListener("keydown", key, true);
    };
  }, [lens]);
}
