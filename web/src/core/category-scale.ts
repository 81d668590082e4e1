import type { Summary } from "./column";
import type { Scale } from "./scale";
import type { Tick } from "./ticks";
import { named } from "./ticks";

/**
 * In which order categories stand on their axis, from its head down: as recorded, the most frequent first, by name, by the
 * numbers that the names are, or as a person put them.
 */
export type CategoryOrder = "recorded" | "frequency" | "name" | "value" | readonly string[];

/** A tick every so many pixels at most; beyond that only named ones stand. */
const MARK = 3;
const LINE = 14;

/** The codes of categories from the head of their axis down. */
export function orderedCodes(names: readonly string[], order: CategoryOrder, summary: Summary): readonly number[] {
  const codes = [...names.keys()];
  if (order === "recorded") return codes;
  if (order === "frequency") {
    const seen = new Set(summary.categories.map(([code]) => code));
    return [...seen, ...codes.filter((code) => !seen.has(code))];
  }
  if (order === "name") {
    const { compare } = new Intl.Collator("en", { numeric: true });
    return codes.sort((a, b) => compare(names[a]!, names[b]!));
  }
  if (order === "value") return codes.sort((a, b) => Number(names[a]) - Number(names[b]));
  // Names that came in since stand last.
  const place = new Map(order.map((name, i) => [name, i]));
  const at = (code: number) => place.get(names[code]!) ?? order.length + code;
  return codes.sort((a, b) => at(a) - at(b));
}

/** The scale of a category column. */
export function categoryScale(names: readonly string[], summary: Summary, order: CategoryOrder = "recorded"): Scale {
  const count = Math.max(1, names.length);
  const codes = order === "recorded" ? null : Uint32Array.from(orderedCodes(names, order, summary));
  const ranks = codes && new Uint32Array(codes.length);
  codes?.forEach((code, rank) => (ranks![code] = rank));
  const position = (code: number) => 1 - ((ranks ? ranks[code]! : code) + 0.5) / count;
  const tick = (code: number, rank: number) => ({ value: code, position: position(code), label: names[code]!, rank });
  let last: { readonly length: number; readonly ticks: Tick[] } | null = null;
  return {
    name: "category",
    domain: [0, count - 1],
    extent: [0, count - 1],
    position,
    invert(at) {
      const rank = Math.min(count - 1, Math.max(0, Math.round((1 - at) * count - 0.5)));
      return codes ? codes[rank]! : rank;
    },
    ticks(length) {
      if (last?.length === length) return last.ticks;
      const room = Math.max(1, Math.floor(length / LINE));
      // Where not every category can be named, the frequent ones are, since they are asked for; between them any.
      const usual = summary.categories.at(-1)?.[1] ?? 0;
      const candidates = new Map<number, number>();
      for (const [i, [code, rows]] of summary.categories.slice(0, 4 * room).entries())
        if (rows > usual || count <= room) candidates.set(code, i - count);
      const all = count <= length / MARK;
      const step = all ? 1 : count / (2 * room);
      for (let rank = 0; rank < names.length; rank += step) {
        const code = codes ? codes[Math.floor(rank)]! : Math.floor(rank);
        if (!candidates.has(code)) candidates.set(code, 0);
      }
      const ticks = named(
        [...candidates].map(([code, rank]) => tick(code, rank)),
        length,
      );
      ticks.sort((a, b) => b.position - a.position);
      last = { length, ticks: all ? ticks : ticks.filter(({ label }) => label) };
      return last.ticks;
    },
  };
}
