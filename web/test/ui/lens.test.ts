import { expect, test, vi } from "vitest";
import type { Vector } from "../../src/core/column";
import { Lens } from "../../src/ui/lens";
import { engineOf, names, numbers, seeded } from "../helpers";

const until = (holds: () => boolean) => vi.waitFor(() => expect(holds()).toBe(true));

async function lensOf(columns: Record<string, Vector>): Promise<Lens> {
  const lens = new Lens(await engineOf(columns));
  await lens.open();
  return lens;
}

const grown = (extra: number) => ({
  run: names([...Array<string>(extra).fill("new"), "a", "a", "b", "b"]),
  step: numbers([...Array<number>(extra).fill(9), 1, 2, 1, 2]),
  loss: numbers([...Array<number>(extra).fill(7), 0.5, NaN, null, Infinity]),
});

test("pinned rows are found again by what they hold where rows came in before them", async () => {
  const old = await lensOf(grown(0));
  for (const row of [1, 2, 3]) old.pins.toggle(row);
  old.pins.toggle(2);
  await until(() => old.pins.list.value.every((pin) => pin.values !== null));
  const lens = new Lens(await engineOf(grown(5)));
  lens.adopt(old);
  await until(() => lens.pins.rows.value.length > 0);
  expect(lens.pins.rows.value).toEqual([6, -1, 8]);
  expect(lens.pins.list.value.map(({ look }) => look)).toEqual([0, 2]);
});

test("a pinned row that is gone is let go, and one of a frame as long as before stays", async () => {
  const old = await lensOf(grown(0));
  old.pins.toggle(0);
  old.pins.toggle(3);
  await until(() => old.pins.list.value.every((pin) => pin.values !== null));
  const other = new Lens(await engineOf({ run: names(["b"]), step: numbers([2]), loss: numbers([Infinity]) }));
  other.adopt(old);
  await until(() => other.pins.rows.value.length > 0);
  expect(other.pins.rows.value).toEqual([-1, 0]);
  const same = new Lens(await engineOf(grown(0)));
  same.adopt(old);
  await until(() => same.pins.rows.value.length > 0);
  expect(same.pins.rows.value).toEqual([0, 3]);
});

test("what a person set of axes and lines goes over to a newer frame", async () => {
  const old = await lensOf(grown(0));
  old.scales.setDomain("step", [0, 5]);
  old.orderCategories("run", ["b", "a"]);
  old.arrangement.setGap("step", 200);
  old.lines.value = { opacity: 2, width: 0.5, curved: true, context: false };
  old.weight.column.value = "step";
  old.arrangement.move("loss", 0);
  const lens = new Lens(await engineOf(grown(2), 1));
  lens.adopt(old);
  await lens.open();
  expect(lens.scale("step").domain).toEqual([0, 5]);
  expect(lens.scale("run").position(lens.categories("run")!.indexOf("b"))).toBeCloseTo(5 / 6);
  expect(lens.arrangement.gaps.value).toEqual({ step: 200 });
  expect(lens.lines.value.curved).toBe(true);
  expect(lens.weight.column.value).toBe("step");
  expect(lens.axes.value).toEqual(["loss", "run", "step"]);
});

test("what a person made is plain enough to be written down", async () => {
  const lens = await lensOf(grown(0));
  lens.pins.toggle(1);
  lens.scales.setDomain("step", [0, 5]);
  lens.orderCategories("run", "name");
  const state = [lens.pins.rows, lens.scales.domains, lens.scales.orders, lens.arrangement.gaps, lens.lines];
  for (const { value } of state) expect(JSON.parse(JSON.stringify(value))).toEqual(value);
});

test("brushes of categories are parted where another order would cover others", async () => {
  const lens = await lensOf({ k: names(["a", "b", "c", "d"]), x: numbers([1, 2, 3, 4]) });
  lens.setBrushes("k", [{ kind: "values", values: ["a", "b"] }]);
  lens.orderCategories("k", ["a", "c", "b", "d"]);
  expect(lens.brushes.value["k"]).toEqual([
    { kind: "values", values: ["a"] },
    { kind: "values", values: ["b"] },
  ]);
});

test("lineage is what a walk over the edges finds", async () => {
  const random = seeded(11);
  const parents = Array.from({ length: 60 }, (_, i) => (i && random() < 0.8 ? Math.floor(random() * i) : null));
  const uid = (i: number | null) => (i === null ? null : `u${i}`);
  const lens = await lensOf({ uid: names(parents.map((_, i) => uid(i))), from_uid: names(parents.map(uid)) });
  for (const row of [0, 7, 41, 59]) {
    const ancestors: number[] = [];
    for (let at = parents[row]!; at !== null; at = parents[at]!) ancestors.push(at);
    const descends = (i: number): boolean => parents[i] === row || (parents[i] !== null && descends(parents[i]!));
    const descendants = [...parents.keys()].filter(descends);
    lens.hover({ row, from: "plot", values: {} });
    const found = (side: string) =>
      lens.lineage.relatives.value
        .filter((relative) => relative.side === side)
        .map((relative) => relative.row)
        .sort((a, b) => a - b);
    await vi.waitFor(() => {
      expect(found("ancestor")).toEqual(ancestors.sort((a, b) => a - b));
      expect(found("descendant")).toEqual(descendants);
    });
  }
});

test("rows that descend from each other do not send the walk round and round", async () => {
  const lens = await lensOf({ uid: names(["a", "b", "c"]), from_uid: names(["b", "a", "c"]) });
  lens.hover({ row: 0, from: "plot", values: {} });
  await until(() => lens.lineage.relatives.value.length === 1);
  expect(lens.lineage.relatives.value[0]!.row).toBe(1);
});

test("the selected share by weight leaves out what weighs nothing", async () => {
  const lens = await lensOf({ x: numbers([1, 2, 3, 4, 5]), w: numbers([1, 3, null, NaN, -2]) });
  lens.weight.column.value = "w";
  lens.setBrushes("x", [{ kind: "range", range: [2, 5] }]);
  await until(() => lens.weight.share.value?.share === 0.75);
  expect([...lens.weight.strengths.value!]).toEqual([108, 255, 31, 31, 31].map((v) => expect.closeTo(v, -0.8)));
});
