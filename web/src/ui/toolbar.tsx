import type { JSX } from "preact";
import { formatCount } from "../core/format";
import { AxesMenu } from "./axes-menu";
import type { Lens } from "./lens";
import { Legend } from "./legend";
import { LinesMenu, WeightShare } from "./lines-menu";
import { RunMenu } from "./run-menu";
import type { Theme } from "./theme";

interface ToolbarProps {
  readonly lenses: readonly Lens[];
  readonly lens: Lens;
  readonly theme: Theme;
  readonly onLens: (lens: Lens) => void;
  /** Whether runs are picked here, rather than from a list of those in a folder. */
  readonly picksRuns: boolean;
}

/** Which lens, which axes, which colours, and how many lines are selected. */
export function Toolbar({ lenses, lens, theme, onLens, picksRuns }: ToolbarProps): JSX.Element {
  const { frame } = lens.engine;
  const { rows, left, approximate } = lens.count.value;
  return (
    <div class="ut-toolbar">
      {lenses.length > 1 && (
        <div
          class="ut-tabs"
          role="tablist"
          aria-label="Lens"
          onKeyDown={(event) => moveFocus(event, lenses, lens, onLens)}
        >
          {lenses.map((other) => (
            <button
              key={other.engine.frame.lens}
              type="button"
              role="tab"
              aria-selected={other === lens}
              tabIndex={other === lens ? 0 : -1}
              title={other.engine.frame.note}
              onClick={() => onLens(other)}
            >
              {other.engine.frame.label}
            </button>
          ))}
        </div>
      )}
      {frame.presets.length > 1 && (
        <label class="ut-preset">
          <span>{frame.lens === "runs" ? "Metrics" : "Height"}</span>
          <select
            aria-label={
              frame.lens === "runs" ? "Which value of a metric stands for its run" : "What the height of a line means"
            }
            value={currentPreset(lens)}
            onChange={(event) => applyPreset(lens, Number(event.currentTarget.value))}
          >
            {currentPreset(lens) < 0 && <option value={-1}>own choice</option>}
            {frame.presets.map((preset, i) => (
              <option key={preset.label} value={i} title={preset.description}>
                {preset.label}
              </option>
            ))}
          </select>
        </label>
      )}
      <AxesMenu lens={lens} />
      {picksRuns && <RunMenu lenses={lenses} lens={lens} />}
      <LinesMenu lens={lens} />
      <div class="ut-count" role="status" aria-live="polite">
        {approximate && "≈ "}
        <strong>{formatCount(rows)}</strong> of {formatCount(left)} lines
        {lens.brushed.value && (
          <>
            <button type="button" onClick={() => lens.clear()}>
              Clear brushes
            </button>
            <button type="button" title="Go on with the brushed lines alone" onClick={() => lens.restrict("keep")}>
              Keep
            </button>
            <button type="button" title="Go on without the brushed lines" onClick={() => lens.restrict("exclude")}>
              Exclude
            </button>
          </>
        )}
        {lens.steps.value.length > 0 && (
          <button
            type="button"
            title={`Bring back what the last step took away; ${formatCount(frame.rows)} lines in all (Ctrl-Z)`}
            onClick={() => lens.undo()}
          >
            Undo
          </button>
        )}
        {lens.undone.value.length > 0 && (
          <button type="button" title="Do again what was undone (Ctrl-Y)" onClick={() => lens.redo()}>
            Redo
          </button>
        )}
      </div>
      <WeightShare lens={lens} />
      <Legend lens={lens} theme={theme} />
    </div>
  );
}

function currentPreset(lens: Lens): number {
  const axes = lens.axes.value;
  return lens.engine.frame.presets.findIndex(
    (preset) => preset.axes.length === axes.length && preset.axes.every((name, i) => name === axes[i]),
  );
}

function applyPreset(lens: Lens, index: number): void {
  const preset = lens.engine.frame.presets[index];
  if (!preset) return;
  lens.show(preset.axes);
}

function moveFocus(event: KeyboardEvent, lenses: readonly Lens[], lens: Lens, onLens: (lens: Lens) => void): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  const index = (lenses.indexOf(lens) + step + lenses.length) % lenses.length;
  onLens(lenses[index]!);
  ((event.currentTarget as HTMLElement).children[index] as HTMLElement).focus();
}
