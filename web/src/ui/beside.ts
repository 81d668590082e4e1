import { useLayoutEffect } from "preact/hooks";

interface Box {
  readonly width: number;
  readonly height: number;
}

/**
 * Lays an element beside a point: to its right, or its left where there is no room, and within a box.
 *
 * @param gap Pixels between the point and the element.
 * @param edge Pixels that the element keeps from the box's sides.
 */
export function useBeside(
  ref: { readonly current: HTMLElement | null },
  { x, y }: { readonly x: number; readonly y: number },
  within: Box,
  gap: number,
  edge: number,
): void {
  useLayoutEffect(() => {
    if (!ref.current) return;
    const { offsetWidth: width, offsetHeight: height } = ref.current;
    const left = x + gap + width > within.width ? x - gap - width : x + gap;
    const top = Math.min(within.height - height - edge, y - height / 2);
    ref.current.style.transform = `translate(${Math.max(edge, left)}px, ${Math.max(edge, top)}px)`;
  });
}
