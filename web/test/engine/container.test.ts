import { expect, test } from "vitest";
import { openContainer } from "../../src/engine/container";
import { info } from "../helpers";

async function container(more: object = {}) {
  const body = new ArrayBuffer(48);
  new Float64Array(body, 0, 3).set([1.5, NaN, 0]);
  new Uint8Array(body, 24, 1).set([0b011]);
  new BigInt64Array(body, 32, 2).set([9007199254740993n, -1n]);
  const shared = { length: 3, valid: null, categories: null };
  const columns = [
    { ...info("loss"), ...shared, type: "f64", offset: 0, valid: { offset: 24 } },
    { ...info("tokens"), ...shared, type: "i64", offset: 32, length: 2 },
  ];
  const frame = { lens: "rows", label: "Rows", note: "", rows: 3, axes: ["loss"], color: null, presets: [], columns };
  const header = { version: 1, title: "t", subtitle: "", theme: "auto", frames: [frame], findings: [], ...more };
  return [JSON.stringify(header), await deflated(body)] as const;
}

test("columns come out as they went in, missing told from NaN", async () => {
  const { engines } = await openContainer(...(await container()));
  const { columns } = await engines[0]!.rows({ columns: ["loss", "tokens"] });
  expect([...columns["loss"]!.values]).toEqual([1.5, NaN, 0]);
  const [summary] = await engines[0]!.describe(["loss"]);
  expect(summary).toMatchObject({ missing: 1, nan: 1, min: 1.5 });
  expect(columns["tokens"]!.exact![0]).toBe(9007199254740993n);
});

test("a page of a newer Undertow says so", async () => {
  await expect(openContainer(...(await container({ version: 2 })))).rejects.toThrow("newer Undertow");
});

test("a damaged body is an error, not a picture", async () => {
  const [header] = await container();
  await expect(openContainer(header, "AAAA")).rejects.toThrow();
});

async function deflated(body: ArrayBuffer): Promise<string> {
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream("deflate"));
  return btoa(String.fromCharCode(...new Uint8Array(await new Response(stream).arrayBuffer())));
}
