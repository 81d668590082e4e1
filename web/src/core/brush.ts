import type { ColumnFilter, Special } from "./filter";
import type { Scale, SlotCode } from "./scale";
import { Slot } from "./scale";

/**
 * One thing chosen on an axis, in values rather than pixels, so that it outlives a change of scale or of size.
 * An axis holds any number of them; a row passes when it meets one.
 */
export type Brush =
  | { readonly kind: "range"; readonly range: readonly [number, number] }
  | { readonly kind: "values"; readonly values: readonly string[] }
  | { readonly kind: "slot"; readonly slot: SlotCode };

const codes = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

/** Every category's code: a look-up, for there may be a hundred thousand of them. */
export function codesOf(categories: readonly string[]): ReadonlyMap<string, number> {
  let known = codes.get(categories);
  if (!known) codes.set(categories, (known = new Map(categories.map((name, code) => [name, code]))));
  return known;
}

/** Where a brush lies on its axis, as positions [foot, head]; at an end where it lies beyond; null for one in a gutter. */
export function extent(brush: Brush, scale: Scale, categories: readonly string[] | null): [number, number] | null {
  if (brush.kind === "slot") return null;
  if (brush.kind === "range") {
    const [a, b] = scale.domain;
    // Within the domain first: a log axis has no place for a lower end at or below zero.
    const [p, q] = brush.range.map((value) => scale.position(Math.min(b, Math.max(a, value)))) as [number, number];
    return [Math.min(p, q), Math.max(p, q)];
  }
  const half = 0.5 / Math.max(1, categories?.length ?? 1);
  const known = codesOf(categories ?? []);
  let [foot, head] = [Infinity, -Infinity];
  for (const value of brush.values) {
    const code = known.get(value);
    if (code === undefined) continue;
    foot = Math.min(foot, scale.position(code));
    head = Math.max(head, scale.position(code));
  }
  return foot <= head ? [foot - half, head + half] : null;
}

/** The brush that covers the positions between `p` and `q`; null where it would hold nothing. */
export function brushBetween(p: number, q: number, scale: Scale, categories: readonly string[] | null): Brush | null {
  const [foot, head] = [Math.max(0, Math.min(p, q)), Math.min(1, Math.max(p, q))];
  if (foot > 1 || head < 0) return null;
  if (scale.name === "category") {
    const values = (categories ?? []).filter((_, i) => {
      // Half of its own height, so that a hand that overshoots by a little does not take the neighbour too.
      const half = 0.25 / categories!.length;
      const at = scale.position(i);
      return at + half > foot && at - half < head;
    });
    return values.length ? { kind: "values", values } : null;
  }
  const [low, high] = scale.extent;
  // At the ends the values stand that lie there or beyond: a round trip through the scale may lose the last bit, and a row.
  return { kind: "range", range: [foot <= 0 ? low : scale.invert(foot), head >= 1 ? high : scale.invert(head)] };
}

/** The categories that brushes choose. */
export function valuesOf(brushes: readonly Brush[]): Set<string> {
  return new Set(brushes.flatMap((brush) => (brush.kind === "values" ? brush.values : [])));
}

/** Chosen categories as brushes: each neighbourhood one of its own, so that what lies between two is not covered. */
export function neighbourhoods(chosen: ReadonlySet<string>, scale: Scale, categories: readonly string[]): Brush[] {
  const known = codesOf(categories);
  const codes = [...chosen].flatMap((name) => known.get(name) ?? []);
  codes.sort((a, b) => scale.position(b) - scale.position(a));
  const runs: string[][] = [];
  codes.forEach((code, i) => {
    const near = i > 0 && (scale.position(codes[i - 1]!) - scale.position(code)) * categories.length < 1.5;
    if (near) runs.at(-1)!.push(categories[code]!);
    else runs.push([categories[code]!]);
  });
  return runs.map((values) => ({ kind: "values", values }));
}

/** Brushes without the categories that there are no more; the same array where none is gone. */
export function withoutLost(brushes: readonly Brush[], categories: readonly string[]): readonly Brush[] {
  const known = codesOf(categories);
  if (brushes.every((brush) => brush.kind !== "values" || brush.values.every((value) => known.has(value))))
    return brushes;
  return brushes.flatMap((brush): Brush[] => {
    if (brush.kind !== "values") return [brush];
    const values = brush.values.filter((value) => known.has(value));
    return values.length ? [{ kind: "values", values }] : [];
  });
}

/** The filter that a set of brushes on one axis amounts to; null where there are none. */
export function toFilter(brushes: readonly Brush[], least: number): ColumnFilter | null {
  if (brushes.length === 0) return null;
  const ranges: (readonly [number, number])[] = [];
  let values: readonly string[] = [];
  const special: Special[] = [];
  let missing = false;
  for (const brush of brushes) {
    if (brush.kind === "range") ranges.push(brush.range);
    else if (brush.kind === "values") values = [...values, ...brush.values];
    else if (brush.slot === Slot.Missing) missing = true;
    else if (brush.slot === Slot.NaN) special.push("nan");
    else if (brush.slot === Slot.PositiveInfinity) special.push("+inf");
    else if (brush.slot === Slot.NegativeInfinity) special.push("-inf");
    else ranges.push([least, 0]);
  }
  return { ranges, values, special, missing };
}

/** The brushes that say what a filter says: how a finding's evidence comes to lie on the axes. */
export function fromFilter(filter: ColumnFilter): Brush[] {
  const slots: Record<Special, SlotCode> = {
    nan: Slot.NaN,
    "+inf": Slot.PositiveInfinity,
    "-inf": Slot.NegativeInfinity,
  };
  return [
    ...(filter.ranges ?? []).map((range): Brush => ({ kind: "range", range })),
    ...(filter.values?.length ? [{ kind: "values", values: filter.values } as const] : []),
    ...(filter.special ?? []).map((special): Brush => ({ kind: "slot", slot: slots[special] })),
    ...(filter.missing ? [{ kind: "slot", slot: Slot.Missing } as const] : []),
  ];
}
