import { effect } from "@preact/signals";
import { beforeAll, expect, test, vi } from "vitest";
import type { Document } from "../../src/engine/engine";
import { watch, written } from "../../src/ui/saved";
import { Session } from "../../src/ui/session";
import { engineOf, numbers } from "../helpers";

beforeAll(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener() {}, removeEventListener() {} }));
});

const shown = async (rows: number): Promise<Document> => ({
  title: "",
  subtitle: "",
  theme: "auto",
  findings: [],
  engines: [await engineOf({ a: numbers([...Array(rows).keys()]), b: numbers([...Array(rows).keys()]) })],
});

test("what was made of the views is still said when a newer frame takes the place of the one it was made of", async () => {
  const session = new Session(await shown(3));
  const lens = session.current.value!;
  await lens.open();
  expect(written(session)).toEqual({});
  session.views(lens).toggle("scatter");
  lens.color.value = "b";
  const before = written(session);
  expect(Object.keys(before.lenses!["rows"]!)).toContain("views");
  await session.replace(await shown(5));
  expect(session.current.value).not.toBe(lens);
  expect(written(session).lenses!["rows"]!["views"]).toEqual(before.lenses!["rows"]!["views"]);
});

test("whoever watches is told of all that is written down", async () => {
  const session = new Session(await shown(3));
  const lens = session.current.value!;
  const views = session.views(lens);
  let told = 0;
  const stop = effect(() => (watch(session), void told++));
  const changes: (() => void)[] = [
    () => (lens.brushes.value = { a: [{ kind: "range", range: [0, 1] }] }),
    () => (lens.axes.value = ["b", "a"]),
    () => (lens.search.value = "x"),
    () => lens.colouring.choose("a", { reversed: true }),
    () => views.toggle("scatter"),
    () => (views.ranking.value = "b"),
    () => (session.theme.choice.value = "dark"),
  ];
  for (const change of changes) {
    const [before, said] = [told, JSON.stringify(written(session))];
    change();
    expect(told).toBeGreaterThan(before);
    expect(JSON.stringify(written(session))).not.toBe(said);
  }
  stop();
});
