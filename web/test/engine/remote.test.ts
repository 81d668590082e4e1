import { expect, test } from "vitest";
import type { FrameInfo } from "../../src/engine/engine";
import type { AnswerHeader, Ask } from "../../src/engine/remote";
import { RemoteEngine, spoken } from "../../src/engine/remote";
import type { Packed } from "../../src/engine/served";
import { unpack } from "../../src/engine/served";
import { info } from "../helpers";

const FRAME: FrameInfo = {
  lens: "rows",
  label: "",
  note: "",
  rows: 9,
  axes: ["x"],
  color: null,
  presets: [],
  columns: [info("x")],
};
const answered = (answer: unknown): Packed<AnswerHeader> => ({ header: { blocks: [], answer }, blocks: [] });

/** An engine whose questions are written down and answered by hand. */
function asked() {
  const questions: { question: string; query: unknown; signal: AbortSignal; say: (answer: unknown) => void }[] = [];
  const ask: Ask = (question, query, signal) =>
    new Promise((done, fail) => {
      signal.addEventListener("abort", () => fail(new DOMException("", "AbortError")));
      questions.push({ question, query, signal, say: (answer) => done(answered(answer)) });
    });
  return { engine: new RemoteEngine(FRAME, ask), questions };
}
const range = (low: number) => ({ columns: { x: { ranges: [[low, Infinity] as const] } } });
const axis = { column: "x", scale: "linear", domain: [0, 1] } as const;

test("numbers that JSON lacks are said in words, typed arrays as lists", () => {
  expect(JSON.stringify(spoken({ a: [NaN, -Infinity, 1], b: Float32Array.of(0.5, Infinity), c: null }))).toBe(
    '{"a":["nan","-inf",1],"b":[0.5,"inf"],"c":null}',
  );
});

test("a later brush gives up the question about an earlier one, and not the cube of the axis", async () => {
  const { engine, questions } = asked();
  void engine.cube({ pairs: [[axis, axis]], bins: 60, active: { axis, positions: 60 } });
  void engine.select(range(1));
  void engine.cube({ pairs: [[axis, axis]], bins: 60, filters: range(1) });
  void engine.cube({ pairs: [[axis, axis]], bins: 60 });
  void engine.select(range(2));
  expect(questions.map(({ signal }) => signal.aborted)).toEqual([false, true, true, false, false]);
  void engine.cube({ pairs: [[axis, axis]], bins: 60, active: { axis: { ...axis, domain: [0, 2] }, positions: 60 } });
  expect(questions[0]!.signal.aborted).toBe(true);
});

test("what was given up never settles, what failed does", async () => {
  const { engine } = asked();
  let settled = false;
  void engine.select(range(1)).finally(() => (settled = true));
  engine.close();
  await new Promise((done) => setTimeout(done, 10));
  expect(settled).toBe(false);
  const broken = new RemoteEngine(FRAME, () => Promise.reject(new Error("no column")));
  await expect(broken.select(range(1))).rejects.toThrow("no column");
});

test("a column is described once", async () => {
  const { engine, questions } = asked();
  const both = [engine.describe(["x"]), engine.describe(["x"])];
  questions[0]!.say([{ name: "x", min: null, max: 2, minPositive: null, quantiles: [] }]);
  const [[one], [other]] = (await Promise.all(both)) as [[{ min: number; max: number }], [unknown]];
  expect(questions.length).toBe(1);
  expect(one).toBe(other);
  expect([one.min, one.max]).toEqual([NaN, 2]);
});

test("a container is read as it was packed", () => {
  const header = new TextEncoder().encode(JSON.stringify({ blocks: [{ size: 2 }, { size: 3 }], title: "ä" }));
  const bytes = new Uint8Array(4 + header.length + 5);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  bytes.set([1, 2, 3, 4, 5], 4 + header.length);
  const { header: read, blocks } = unpack(bytes.buffer);
  expect(read.title).toBe("ä");
  expect(blocks.map((block) => [...block])).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
});
