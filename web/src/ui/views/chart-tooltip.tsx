import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";
import { useBeside } from "../beside";
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
  useBeside(box, at, frame, 16, 4);
  return (
    <div class="ut-tooltip" ref={box} role="status">
      {children}
    </div>
  );
}
