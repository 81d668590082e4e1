import { describe, expect, test } from "vitest";
import { DIGITS } from "../../src/engine/column-data";
import { openContainer } from "../../src/engine/container";
import { info } from "../helpers";

interface Made {
  readonly header: string;
  readonly block: string;
}

async function container(more: object = {}): Promise<Made> {
  const body = new ArrayBuffer(72);
  new Float64Array(body, 0, 3).set([1.5, NaN, 0]);
  new Uint8Array(body, 24, 1).set([0b011]);
  new BigInt64Array(body, 32, 3).set([9007199254740993n, -1n, 0n]);
  // 1, −2 and 300 as i32, plane by plane.
  const ints = new Uint8Array(Int32Array.of(1, -2, 300).buffer);
  for (let byte = 0; byte < 4; byte++)
    for (let i = 0; i < 3; i++) new Uint8Array(body)[56 + 3 * byte + i] = ints[4 * i + byte]!;
  const shared = { block: 0, length: 3, valid: null, categories: null, planes: false };
  const columns = [
    { ...info("loss"), ...shared, type: "f64", offset: 0, valid: { block: 0, offset: 24 } },
    { ...info("tokens"), ...shared, type: "i64", offset: 32 },
    { ...info("steps"), ...shared, type: "i32", offset: 56, planes: true },
  ];
  const frame = { lens: "rows", label: "Rows", note: "", rows: 3, axes: ["loss"], color: null, presets: [], columns };
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const header = {
    version: 2,
    blocks: [{ size: bytes.length, length: 72 }],
    title: "t",
    subtitle: "",
    theme: "auto",
    frames: [frame],
    findings: [],
    ...more,
  };
  return { header: JSON.stringify(header), block: encode85(bytes) };
}

/** Base85 as docs/protocol.md has it. */
function encode85(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    let number = 0;
    for (let k = 0; k < 4; k++) number = number * 256 + (bytes[at + k] ?? 0);
    let group = "";
    for (let k = 0; k < 5; k++, number = Math.floor(number / 85)) group = DIGITS[number % 85]! + group;
    text += group;
  }
  return text;
}

test("the digits are 85 characters that no HTML can mistake for its own", () => {
  expect(new Set(DIGITS).size).toBe(85);
  expect(DIGITS).not.toMatch(/["&'<>`\s]/);
});

test("columns come out as they went in, missing told from NaN", async () => {
  const { header, block } = await container();
  const { engines } = await openContainer(header, () => block);
  const { columns } = await engines[0]!.rows({ columns: ["loss", "tokens", "steps"] });
  expect([...columns["loss"]!.values]).toEqual([1.5, NaN, 0]);
  const [summary] = await engines[0]!.describe(["loss"]);
  expect(summary).toMatchObject({ missing: 1, nan: 1, min: 1.5 });
  expect(columns["tokens"]!.exact![0]).toBe(9007199254740993n);
  expect([...columns["steps"]!.values]).toEqual([1, -2, 300]);
});

test("a described column is known before its block, and a question waits for its values", async () => {
  const { header, block } = await container();
  const parsed = JSON.parse(header) as { frames: { columns: object[] }[] };
  const summary = {
    ...{ min: 1.5, max: 1.5, min_positive: 1.5, integer: false, quantiles: [1.5, 1.5, 1.5, 1.5, 1.5], categories: [] },
    ...{ missing: 1, nan: 1, positive_infinity: 0, negative_infinity: 0, non_positive: 0 },
  };
  parsed.frames[0]!.columns = parsed.frames[0]!.columns.map((column) => ({ ...column, summary }));
  let arrive = (_: string) => {};
  const arrived = new Promise<string>((resolve) => (arrive = resolve));
  const { engines } = await openContainer(JSON.stringify(parsed), () => arrived);
  const [said] = await engines[0]!.describe(["loss"]);
  expect(said).toMatchObject({ min: 1.5, minPositive: 1.5, missing: 1, rows: 3 });
  const answers: string[] = [];
  const asked = engines[0]!.select({ columns: { loss: { ranges: [[1, 2]] } } });
  void asked.then(() => answers.push("select"));
  await new Promise((done) => setTimeout(done, 20));
  expect(answers).toEqual([]);
  arrive(block);
  expect((await asked).count).toBe(1);
  expect((await engines[0]!.select({ columns: {}, search: "300" })).count).toBe(1);
});

test("a block that turns out to be damaged is told, and fails what asked for it", async () => {
  const { header, block } = await container();
  const parsed = JSON.parse(header) as { frames: { columns: object[] }[] };
  const summary = { min: null, max: null, min_positive: null, integer: false, quantiles: [], categories: [] };
  parsed.frames[0]!.columns = parsed.frames[0]!.columns.map((column) => ({ ...column, summary }));
  const told: Error[] = [];
  const damaged = block.replaceAll(block[7]!, "!");
  const { engines } = await openContainer(
    JSON.stringify(parsed),
    () => damaged,
    undefined,
    (error) => told.push(error),
  );
  await expect(engines[0]!.rows({ columns: ["loss"] })).rejects.toThrow();
  expect(told.length).toBe(1);
});

test("a damaged block takes no other with it, whichever comes first", async () => {
  const { header, block } = await container();
  const parsed = JSON.parse(header) as { blocks: object[]; frames: { columns: { name: string; block: number }[] }[] };
  parsed.blocks.push(parsed.blocks[0]!);
  const summary = { min: null, max: null, min_positive: null, integer: false, quantiles: [], categories: [] };
  parsed.frames[0]!.columns = parsed.frames[0]!.columns.map((column) => ({
    ...column,
    block: column.name === "steps" ? 1 : 0,
    summary,
  }));
  for (const cut of [0, 1]) {
    const told: Error[] = [];
    const take = (asked: number): string => {
      if (asked === cut) throw new Error("cut off");
      return block;
    };
    const { engines } = await openContainer(JSON.stringify(parsed), take, undefined, (error) => told.push(error));
    const [whole, lost] = cut === 0 ? ["steps", "loss"] : ["loss", "steps"];
    expect((await engines[0]!.rows({ columns: [whole!] })).columns[whole!]!.values.length).toBe(3);
    await expect(engines[0]!.rows({ columns: [lost!] })).rejects.toThrow("cut off");
    expect(told.map(({ message }) => message)).toEqual(["cut off"]);
  }
});

describe("what cannot be opened says why", () => {
  test("a page of a newer Undertow", async () => {
    const { header, block } = await container({ version: 3 });
    await expect(openContainer(header, () => block)).rejects.toThrow("newer Undertow");
  });

  test("a damaged block", async () => {
    const { header, block } = await container();
    await expect(openContainer(header, () => block.replaceAll(block[7]!, "!"))).rejects.toThrow();
  });
});
