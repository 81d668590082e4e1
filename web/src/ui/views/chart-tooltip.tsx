import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Point } from "./chart";
import type { ChartFrame } from "./chart-layout";

interface ChartTooltipProps {
  readonly at: Point;
  readonly frame: ChartFrame;
  readonly children: ComponentChildren;
}

/** What is under the pointer, beside it and within the chart. */
export function ChartTooltip({ at, frame, children }: ChartTooltipProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { offsetWidth: width, offsetHeight: height } = box.current!;
    const left = at.x + 16 + width > frame.width ? at.x - 16 - width : at.x + 16;
    const top = Math.min(frame.height - height - 4, at.y - height / 2);
    box.current!.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
  });
  return (
    <div class="ut-tooltip" ref={box} role="status">
      {children}
    </div>
  );
}
