import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Brush } from "../../core/brush";
import { formatNumber, formatTime } from "../../core/format";
import { own } from "../../core/own";
import { SLOT_LABELS } from "../../core/scale";
import type { Lens } from "../lens";

/** A brush that has not moved for so long is told. */
const REST = 400;

/** What a screen reader is told of what changes in the plot: brushes at rest, and what is said elsewhere. */
export function Announcer({ lens }: { lens: Lens }): JSX.Element {
  useEffect(() => {
    let before = lens.brushes.peek();
    let timer = 0;
    const stop = effect(() => {
      const now = lens.brushes.value;
      clearTimeout(timer);
      timer = setTimeout(() => {
        const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
        const changed = names.filter((name) => own(before, name) !== own(now, name));
        before = now;
        if (changed.length) lens.say(changed.map((name) => told(lens, name)).join("; "));
      }, REST);
    });
    return () => (clearTimeout(timer), stop());
  }, [lens]);
  return (
    <p class="ut-said" role="status" aria-live="polite">
      {lens.said.value}
    </p>
  );
}

function told(lens: Lens, name: string): string {
  const info = lens.info(name);
  const brushes = own(lens.brushes.value, name) ?? [];
  const text = (value: number) => (info.kind === "time" ? formatTime(value) : formatNumber(value));
  const each = (brush: Brush) => {
    if (brush.kind === "slot") return SLOT_LABELS[brush.slot];
    if (brush.kind === "range") return `${text(brush.range[0])} to ${text(brush.range[1])}`;
    return brush.values.length > 5 ? `${brush.values.length} categories` : brush.values.join(", ");
  };
  const label = info.label || name;
  return brushes.length ? `${label} brushed: ${brushes.map(each).join(" and ")}` : `${label} no longer brushed`;
}
