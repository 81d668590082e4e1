import type { JSX } from "preact";
import type { CategoryOrder } from "../../core/category-scale";
import { orderedCodes } from "../../core/category-scale";
import { COARSE_BINS } from "../../core/edges";
import { own } from "../../core/own";
import type { Lens } from "../lens";
import { Sortable } from "../sortable";

/** A list of more than this is not put in order by hand. */
const MOST_MOVED = 60;

/** How the categories of an axis are ordered; few enough can be moved one by one. */
export function CategoryOrderChoice({ lens, name }: { lens: Lens; name: string }): JSX.Element | null {
  const names = lens.categories(name) ?? [];
  if (names.length < 2) return null;
  // Where categories share a bin, their counts cannot be parted again.
  if (lens.crowd && names.length > COARSE_BINS)
    return <p>More than {COARSE_BINS} categories of many lines stand in the order in which they were recorded.</p>;
  const order = own(lens.scales.orders.value, name) ?? "recorded";
  const choices: (CategoryOrder & string)[] = ["recorded", "frequency", "name"];
  if (names.every((each) => each.trim() !== "" && Number.isFinite(Number(each)))) choices.push("value");
  const codes = orderedCodes(names, order, lens.summary(name));
  return (
    <>
      <div class="ut-choice" role="radiogroup" aria-label="Order of categories">
        {choices.map((choice) => (
          <button
            key={choice}
            type="button"
            role="radio"
            aria-checked={order === choice}
            onClick={() => lens.orderCategories(name, choice)}
          >
            {choice}
          </button>
        ))}
      </div>
      {names.length <= MOST_MOVED && (
        <Sortable
          items={codes.map((code) => names[code]!)}
          label={(item) => item}
          onOrder={(items) => lens.orderCategories(name, items)}
        >
          {(item) => <span>{item}</span>}
        </Sortable>
      )}
    </>
  );
}
