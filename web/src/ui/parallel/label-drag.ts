import { useRef } from "preact/hooks";
import { CLICK } from "./gestures";
import { nearestAxis } from "./geometry";
import type { PlotModel } from "./model";

/** So near to the side of the plot a dragged axis takes the plot along. */
const NUDGE = 44;
/** So near to the side of the window a finger can no longer leave the plot. */
const WINDOW_EDGE = 8;

interface Press {
  readonly x: number;
  readonly start: number;
  readonly scroll: number;
  now: number;
  moved: boolean;
  frame: number;
}

/** Drags an axis by its name: among the others to reorder, out of the plot to hide; a press that does not move inverts. */
export class LabelDrag {
  readonly #model: PlotModel;
  readonly #name: string;
  #press: Press | null = null;

  constructor(model: PlotModel, name: string) {
    this.#model = model;
    this.#name = name;
  }

  down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    const [start, scroll] = [this.#model.x(this.#name), this.#model.scroll.peek()];
    this.#press = { x: event.clientX, start, scroll, now: event.clientX, moved: false, frame: 0 };
  };

  move = (event: PointerEvent): void => {
    const press = this.#press;
    if (!press) return;
    press.now = event.clientX;
    press.moved ||= Math.abs(press.now - press.x) >= CLICK;
    if (!press.moved) return;
    const model = this.#model;
    const { lens } = model;
    lens.hover(null);
    const { xs, width } = model.geometry.peek();
    model.pinned.value ??= { left: xs[0]!, right: width - xs.at(-1)! };
    const box = (event.currentTarget as Element).closest(".ut-plot")!.getBoundingClientRect();
    const outside =
      press.now < Math.max(box.left, WINDOW_EDGE) || press.now > Math.min(box.right, innerWidth - WINDOW_EDGE);
    model.leaving.value = outside && lens.axes.peek().length > 1 ? this.#name : null;
    this.#place(press);
    const toward = press.now < box.left + NUDGE ? -1 : press.now > box.right - NUDGE ? 1 : 0;
    cancelAnimationFrame(press.frame);
    if (toward && !outside) press.frame = requestAnimationFrame(() => this.#carry(press, toward));
  };

  up = (): void => {
    const press = this.#press;
    const { lens } = this.#model;
    const leaves = this.#model.leaving.peek() === this.#name;
    this.cancel();
    if (leaves) lens.hide(this.#name);
    else if (press && !press.moved) lens.toggleInverted(this.#name);
  };

  cancel = (): void => {
    if (this.#press) cancelAnimationFrame(this.#press.frame);
    if (this.#press?.moved) this.#model.motion.hold(`x ${this.#name}`, undefined);
    this.#press = null;
    this.#model.pinned.value = null;
    this.#model.leaving.value = null;
  };

  /** Puts the axis under the hand, and into the order where it stands now. */
  #place(press: Press): void {
    const model = this.#model;
    const x = press.start + press.now - press.x + model.scroll.peek() - press.scroll;
    model.motion.hold(`x ${this.#name}`, x);
    model.lens.arrangement.move(this.#name, nearestAxis(x, model.geometry.peek().xs));
  }

  /** Scrolls while the hand rests near a side. */
  #carry(press: Press, toward: number): void {
    if (this.#press !== press) return;
    const before = this.#model.scroll.peek();
    this.#model.scrollBy(9 * toward);
    if (this.#model.scroll.peek() === before) return;
    this.#place(press);
    press.frame = requestAnimationFrame(() => this.#carry(press, toward));
  }
}

/** The drag of one axis' name, kept while the axis is shown. */
export function useLabelDrag(model: PlotModel, name: string): LabelDrag {
  const kept = useRef<{ readonly model: PlotModel; readonly drag: LabelDrag } | null>(null);
  if (kept.current?.model !== model) kept.current = { model, drag: new LabelDrag(model, name) };
  return kept.current.drag;
}
