import { describe, expect, it } from "vitest";
import vectors from "../../../tests/vectors/relatedness.json";
import { coarser, relatedOrder, shared } from "../../src/core/relatedness";

describe("shared", () => {
  it.each(vectors)("agrees with scikit-learn: $name", ({ counts, sides, information, entropies }) => {
    const found = shared({ counts, sides: sides as [number, number] });
    expect(found.information).toBeCloseTo(information, 12);
    expect(found.entropies[0]).toBeCloseTo(entropies[0]!, 12);
    expect(found.entropies[1]).toBeCloseTo(entropies[1]!, 12);
    expect(found.corrected).toBeLessThanOrEqual(found.information);
  });

  it("is symmetric, and nothing for no rows", () => {
    const one = shared({ counts: [3, 0, 1, 2, 5, 4], sides: [2, 3] });
    const other = shared({ counts: [3, 2, 0, 5, 1, 4], sides: [3, 2] });
    expect(one.information).toBeCloseTo(other.information, 14);
    expect(shared({ counts: [0, 0], sides: [1, 2] })).toEqual({ information: 0, corrected: 0, entropies: [0, 0] });
  });

  it("takes off what chance shows between columns that have nothing to do with each other", () => {
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    let [plain, corrected] = [0, 0];
    for (let k = 0; k < 200; k++) {
      const counts = new Uint32Array(36);
      for (let row = 0; row < 180; row++) counts[6 * Math.floor(6 * random()) + Math.floor(6 * random())]!++;
      const found = shared({ counts, sides: [6, 6] });
      plain += found.information / 200;
      corrected += found.corrected / 200;
    }
    // (6 − 1)² / 360, all of it chance.
    expect(plain).toBeGreaterThan(0.06);
    expect(corrected).toBeLessThan(0.012);
  });
});

describe("coarser", () => {
  it("puts neighbours together and keeps special bins apart", () => {
    const joint = { counts: [1, 2, 3, 4, 5, 6, 7, 8, 9], sides: [3, 3] as const };
    expect(Array.from(coarser(joint, [2, 1], 1).counts)).toEqual([5, 7, 9, 7, 8, 9]);
    expect(Array.from(coarser(joint, [2, 2], 1).counts)).toEqual([12, 9, 15, 9]);
    expect(coarser(joint, [1, 1], 1).sides).toEqual([3, 3]);
  });
});

describe("relatedOrder", () => {
  const sum = (strength: number[][], order: number[]) =>
    order.slice(1).reduce((total, each, i) => total + strength[order[i]!]![each]!, 0);
  const permutations = (items: number[]): number[][] =>
    items.length < 2
      ? [items]
      : items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));

  it("comes near the best of all orders", () => {
    let seed = 7;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    let [found, best] = [0, 0];
    for (let k = 0; k < 20; k++) {
      const strength = Array.from({ length: 6 }, () => Array.from({ length: 6 }, () => 0));
      for (let i = 0; i < 6; i++) for (let j = i + 1; j < 6; j++) strength[i]![j] = strength[j]![i] = random();
      const order = relatedOrder(strength);
      expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5]);
      found += sum(strength, order);
      best += Math.max(...permutations([0, 1, 2, 3, 4, 5]).map((each) => sum(strength, each)));
    }
    expect(found / best).toBeGreaterThan(0.96);
  });

  it("finds a chain", () => {
    const chain = [3, 0, 4, 1, 2];
    const strength = chain.map((_, i) =>
      chain.map((_, j) => (Math.abs(chain.indexOf(i) - chain.indexOf(j)) === 1 ? 1 : 0)),
    );
    const order = relatedOrder(strength);
    expect([order, [...order].reverse()]).toContainEqual(chain);
  });

  it("leaves one and two as they are", () => {
    expect(relatedOrder([])).toEqual([]);
    expect(relatedOrder([[0]])).toEqual([0]);
  });
});
