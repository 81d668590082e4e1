import type { ComponentChildren, JSX } from "preact";
import type { ScaleName } from "../../core/column";
import { own } from "../../core/own";
import { possibleScales } from "../../core/scale";
import { Menu } from "../menu";
import { CategoryOrderChoice } from "./category-order";
import { DomainFields, RangeFields } from "./limits";
import type { PlotModel } from "./model";

/** What can be done with one axis. */
export function AxisMenu({ model, name }: { model: PlotModel; name: string }): JSX.Element {
  const info = model.lens.info(name);
  return (
    <Menu
      class="ut-axis-menu"
      label={`${info.label || name}: options`}
      face={<Dots />}
      asked={model.editing.value === name}
      onClose={() => model.editing.peek() === name && (model.editing.value = null)}
    >
      {(close) => <Choices model={model} name={name} close={close} />}
    </Menu>
  );
}

function Choices({ model, name, close }: { model: PlotModel; name: string; close: () => void }): JSX.Element {
  const { lens } = model;
  const info = lens.info(name);
  const scales = possibleScales(info, lens.summary(name));
  const at = lens.axes.value.indexOf(name);
  const act = (action: () => void) => () => {
    action();
    close();
  };
  const shift = (step: number) => () => {
    lens.arrangement.move(name, at + step);
    requestAnimationFrame(() => model.bringIntoView(name));
  };
  return (
    <>
      {info.description && <p>{info.description}</p>}
      {scales.length > 1 && (
        <div class="ut-choice" role="radiogroup" aria-label="Scale">
          {scales.map((scale: ScaleName) => (
            <button
              key={scale}
              type="button"
              role="radio"
              aria-checked={lens.scaleName(name) === scale}
              onClick={act(() => void lens.chooseScale(name, scale))}
            >
              {scale}
            </button>
          ))}
        </div>
      )}
      {info.kind === "category" ? (
        <CategoryOrderChoice lens={lens} name={name} />
      ) : (
        <>
          <DomainFields lens={lens} name={name} />
          <RangeFields lens={lens} name={name} focused={model.editing.value === name} />
        </>
      )}
      <Do onClick={act(() => (lens.color.value = name))}>Colour lines by this</Do>
      <Do onClick={act(() => lens.toggleInverted(name))}>Invert</Do>
      {lens.folds.has(name) && (
        <Do onClick={act(() => lens.fold(name, false))}>Unfold its {lens.folds.size(name)} axes</Do>
      )}
      {lens.folds.parents(name).map((group) => (
        <Do key={group} onClick={act(() => lens.fold(group, true))}>
          Fold {lens.info(group).fold!.path}
        </Do>
      ))}
      {at > 0 && <Do onClick={act(shift(-1))}>Move left</Do>}
      {at < lens.axes.value.length - 1 && <Do onClick={act(shift(1))}>Move right</Do>}
      {own(lens.arrangement.gaps.value, name) !== undefined && (
        <Do onClick={act(() => lens.arrangement.setGap(name, null))}>Space evenly again</Do>
      )}
      {(own(lens.brushes.value, name)?.length ?? 0) > 0 && (
        <Do onClick={act(() => lens.setBrushes(name, []))}>Clear its brushes</Do>
      )}
      {lens.axes.value.length > 1 && <Do onClick={act(() => lens.hide(name))}>Hide</Do>}
    </>
  );
}

function Do({ onClick, children }: { onClick: () => void; children: ComponentChildren }): JSX.Element {
  return (
    <button type="button" class="ut-do" onClick={onClick}>
      {children}
    </button>
  );
}

function Dots(): JSX.Element {
  return (
    <svg width="14" height="4" viewBox="0 0 14 4" aria-hidden="true">
      {[2, 7, 12].map((x) => (
        <circle key={x} cx={x} cy={2} r={1.5} fill="currentColor" />
      ))}
    </svg>
  );
}
