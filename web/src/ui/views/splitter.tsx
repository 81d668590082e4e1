import type { JSX } from "preact";

interface SplitterProps {
  readonly label: string;
  /** How the line lies: between what is above and below, or left and right. */
  readonly orientation: "horizontal" | "vertical";
  /** What the part before the line, or below it, has of both: in percent. */
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** What a pointer there asks for. */
  readonly at: (event: PointerEvent) => number;
  readonly onChange: (value: number) => void;
  readonly onReset: () => void;
}

/** How far an arrow key moves a line, in percent. */
const STEP = 2;

/** A line between two parts that is dragged, or moved by the arrow keys; a double click or Enter puts it back. */
export function Splitter(props: SplitterProps): JSX.Element {
  const { label, orientation, value, least, most, at, onChange, onReset } = props;
  const change = (next: number) => onChange(Math.min(most, Math.max(least, next)));
  const key = (event: KeyboardEvent) => {
    // The part whose share it is lies below a horizontal line.
    const steps: Record<string, number> =
      orientation === "horizontal" ? { ArrowUp: STEP, ArrowDown: -STEP } : { ArrowLeft: -STEP, ArrowRight: STEP };
    const step = steps[event.key];
    if (step !== undefined) change(value + step);
    else if (event.key === "Home") change(least);
    else if (event.key === "End") change(most);
    else if (event.key === "Enter") onReset();
    else return;
    event.preventDefault();
  };
  return (
    <div
      class={`ut-splitter ut-${orientation}`}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={orientation}
      aria-valuenow={Math.round(value)}
      aria-valuemin={Math.round(least)}
      aria-valuemax={Math.round(most)}
      title={`${label}: drag, or press the arrow keys; a double click puts it back`}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        event.preventDefault();
        event.currentTarget.focus({ focusVisible: false } as FocusOptions);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) change(at(event));
      }}
      onDblClick={onReset}
      onKeyDown={key}
    />
  );
}
