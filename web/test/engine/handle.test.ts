import { expect, test } from "vitest";
import type { Binning } from "../../src/engine/engine";
import type { WorkerScope } from "../../src/engine/handle";
import { servePlace, WorkerPlace } from "../../src/engine/handle";
import { seeded } from "../helpers";

/** A worker that is none: messages go through ports, answers are noted in their order. */
function place(failed?: (error: Error) => void): { place: WorkerPlace; worker: EventTarget; order: string[] } {
  const { port1, port2 } = new MessageChannel();
  const worker = new EventTarget();
  const order: string[] = [];
  const asked = new Map<number, string>();
  port1.onmessage = ({ data }) => {
    order.push(asked.get((data as { id: number }).id)!);
    worker.dispatchEvent(new MessageEvent("message", { data: data as unknown }));
  };
  Object.assign(worker, {
    postMessage: (message: { id: number; name: string; urgency: string }, transfer: Transferable[]) => {
      asked.set(message.id, `${message.name} ${message.urgency}`);
      port1.postMessage(message, transfer);
    },
    terminate: () => port1.close(),
  });
  servePlace({
    addEventListener: (_, listener) => (port2.onmessage = listener as (event: MessageEvent) => void),
    postMessage: (message, transfer) => port2.postMessage(message, transfer),
  } as WorkerScope);
  return { place: new WorkerPlace(worker as unknown as Worker, failed), worker, order };
}

const axis = (column: string): Binning => ({ column, scale: "linear", domain: [0, 1] });

test("what a hand waits for overtakes what was asked before it, and all count alike", async () => {
  const { place: worker, order } = place();
  const random = seeded(3);
  const rows = 3_000_000;
  await worker.start(rows);
  for (const name of ["a", "b"]) {
    await worker.give(name, { values: Float32Array.from({ length: rows }, random), valid: null, categories: null });
    await worker.ask("encode", [name, [[axis(name), 240]], null]);
  }
  order.length = 0;
  const query = {
    bins: 60,
    filters: { columns: {} },
    active: null,
    color: null,
    pairs: [[axis("a"), axis("b")]],
  } as const;
  const whole = { ...query, pairs: Array.from({ length: 6 }, () => query.pairs[0]), rows };
  const long = worker.ask("cube", [whole]);
  const next = worker.ask("cube", [{ ...query, rows }]);
  const now = worker.ask("cube", [{ ...query, rows: 5000 }], "now");
  const total = (answer: { counts: readonly Uint32Array[] }) => answer.counts.map((c) => c.reduce((a, b) => a + b, 0));
  expect(total(await now)).toEqual([5000]);
  expect(total(await long)).toEqual(Array(6).fill(rows));
  expect(total(await next)).toEqual([rows]);
  expect(order).toEqual(["cube now", "cube next", "cube next"]);
  worker.stop();
});

test("a worker that dies fails what was asked, whatever is asked later, and is told", async () => {
  const told: string[] = [];
  const { place: worker, worker: target } = place((error) => told.push(error.message));
  const asked = worker.ask("select", [{ columns: {} }]);
  target.dispatchEvent(Object.assign(new Event("error"), { message: "out of memory" }));
  await expect(asked).rejects.toThrow("out of memory");
  await expect(worker.ask("select", [{ columns: {} }])).rejects.toThrow("out of memory");
  expect(told).toEqual(["out of memory"]);
  worker.stop();
});
