import type { Vector } from "../core/column";
import type { Steps } from "./shard";
import { isSteps, Shard } from "./shard";
import { arrange } from "./sort";
import { openColumn, percentiles } from "./column-data";
import { summarize } from "./summary";
import { buffersOf } from "./vectors";

/** What is asked before what: an answer that a hand waits for, questions in their order, and the opening of columns. */
export type Urgency = "now" | "next" | "later";

/** What can be asked of a place where rows are kept; the same in this thread and in a worker. */
export const operations = {
  /** Decodes whole columns, describes them, and cuts them into the shards' shares. */
  openColumn,
  arrange,
  percentiles,
  summarize,
};

export type Operations = typeof operations;
type Methods = { [K in keyof Shard]: Shard[K] extends (...args: never[]) => unknown ? K : never }[keyof Shard];
/** What a method comes to; those that work for long do it in steps. */
type Answered<K extends Methods> = ReturnType<Shard[K]> extends Steps<infer R> ? R : ReturnType<Shard[K]>;

/** A shard and a pair of hands, wherever they are. */
export interface Place {
  /** Makes the shard anew, for so many rows. */
  start(rows: number): Promise<void>;
  /** Hands a column over to the shard; the vector is the caller's no longer. */
  give(name: string, vector: Vector): Promise<void>;
  ask<K extends Methods>(method: K, args: Parameters<Shard[K]>, urgency?: Urgency): Promise<Answered<K>>;
  do<K extends keyof Operations>(
    operation: K,
    args: Parameters<Operations[K]>,
    transfer?: Transferable[],
  ): Promise<Awaited<ReturnType<Operations[K]>>>;
  /** Lets go of the rows. */
  stop(): void;
}

/** A place in this thread: for few rows, and where workers are not to be had. */
export class LocalPlace implements Place {
  #shard = new Shard(0);

  async start(rows: number): Promise<void> {
    this.#shard = new Shard(rows);
  }

  async give(name: string, vector: Vector): Promise<void> {
    this.#shard.add(name, vector);
  }

  stop(): void {
    this.#shard = new Shard(0);
  }

  async ask<K extends Methods>(method: K, args: Parameters<Shard[K]>): Promise<Answered<K>> {
    return this.askInSteps(method, args, null);
  }

  /** @param rest What is waited for between two steps of a long answer; null for nothing. */
  async askInSteps<K extends Methods>(
    method: K,
    args: Parameters<Shard[K]>,
    rest: (() => Promise<void>) | null,
  ): Promise<Answered<K>> {
    const call = this.#shard[method] as (...args: Parameters<Shard[K]>) => unknown;
    const answer = call.apply(this.#shard, args);
    if (!isSteps(answer)) return answer as Answered<K>;
    for (;;) {
      const step = answer.next();
      if (step.done) return step.value as Answered<K>;
      if (rest) await rest();
    }
  }

  async do<K extends keyof Operations>(
    operation: K,
    args: Parameters<Operations[K]>,
  ): Promise<Awaited<ReturnType<Operations[K]>>> {
    const call = operations[operation] as unknown as (...args: Parameters<Operations[K]>) => ReturnType<Operations[K]>;
    return await call(...args);
  }
}

interface Question {
  readonly id: number;
  readonly kind: "start" | "ask" | "do";
  readonly urgency: Urgency;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A place in a worker that runs `servePlace`. Questions of one urgency are answered in the order they were asked. */
export class WorkerPlace implements Place {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;
  #dead: Error | null = null;

  /** @param failed Told when the worker has stopped for good, which no question may be there to hear. */
  constructor(worker: Worker, failed: (error: Error) => void = () => {}) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.error === undefined) waiting?.resolve(data.result);
      else waiting?.reject(new Error(data.error));
    });
    worker.addEventListener("error", (event) => {
      this.#dead = new Error(event.message || "a worker stopped");
      for (const { reject } of this.#waiting.values()) reject(this.#dead);
      this.#waiting.clear();
      failed(this.#dead);
    });
  }

  start(rows: number): Promise<void> {
    return this.#send("start", "", [rows]) as Promise<void>;
  }

  give(name: string, vector: Vector): Promise<void> {
    return this.#send("ask", "add", [name, vector], "next", buffersOf(vector)) as Promise<void>;
  }

  ask<K extends Methods>(method: K, args: Parameters<Shard[K]>, urgency: Urgency = "next"): Promise<Answered<K>> {
    return this.#send("ask", method, args, urgency) as Promise<Answered<K>>;
  }

  do<K extends keyof Operations>(
    operation: K,
    args: Parameters<Operations[K]>,
    transfer: Transferable[] = [],
  ): Promise<Awaited<ReturnType<Operations[K]>>> {
    const urgency = operation === "openColumn" ? "later" : "next";
    return this.#send("do", operation, args, urgency, transfer) as Promise<Awaited<ReturnType<Operations[K]>>>;
  }

  stop(): void {
    this.#worker.terminate();
    this.#waiting.clear();
    this.#dead = new Error("The workbench was closed.");
  }

  #send(
    kind: Question["kind"],
    name: string,
    args: readonly unknown[],
    urgency: Urgency = "next",
    transfer: Transferable[] = [],
  ): Promise<unknown> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, kind, urgency, name, args } satisfies Question, transfer);
    });
  }
}

/** Beyond this, workers wait for memory rather than for a core. */
const MOST_WORKERS = 4;

/**
 * As many places as the machine has use for; none where workers are not to be had.
 *
 * @param startWorker Starts a worker that runs `servePlace` by that name; null where none is to be had.
 * @param failed See `WorkerPlace`.
 */
export function hire(startWorker: (name: string) => Worker | null, failed: (error: Error) => void): WorkerPlace[] {
  const count = Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency || 2));
  const workers = Array.from({ length: count }, () => startWorker("place"));
  return workers.flatMap((worker) => (worker ? [new WorkerPlace(worker, failed)] : []));
}

/** The part of a worker's global scope that is needed here; TypeScript's page library does not know it. */
export interface WorkerScope {
  addEventListener(type: "message", listener: (event: MessageEvent<Question>) => void): void;
  postMessage(message: Answer, transfer: Transferable[]): void;
}

const URGENCIES: readonly Urgency[] = ["now", "next", "later"];

/** Makes the worker that this is called in a place. */
export function servePlace(scope: WorkerScope): void {
  const place = new LocalPlace();
  const waiting: Record<Urgency, Question[]> = { now: [], next: [], later: [] };
  const breathe = breather();
  // One after another: a question may rely on what the one before it did. One that a hand waits for relies on nothing that is
  // still to come, and is answered between two steps of another.
  const answer = async ({ id, kind, urgency, name, args }: Question) => {
    const rest = async () => {
      await breathe();
      while (urgency !== "now" && waiting.now.length > 0) await answer(waiting.now.shift()!);
    };
    try {
      const result =
        kind === "start"
          ? await place.start(args[0] as number)
          : kind === "ask"
            ? await place.askInSteps(name as never, args as never, rest)
            : await place.do(name as never, args as never);
      scope.postMessage({ id, result }, transferable(result));
    } catch (error) {
      scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, []);
    }
  };
  let busy = false;
  scope.addEventListener("message", async ({ data }) => {
    waiting[data.urgency].push(data);
    if (busy) return;
    busy = true;
    for (;;) {
      // What has been asked meanwhile is heard before it is chosen what comes next.
      await breathe();
      const next = URGENCIES.map((urgency) => waiting[urgency]).find((queue) => queue.length > 0);
      if (!next) break;
      await answer(next.shift()!);
    }
    busy = false;
  });
}

/** Waits until the messages that have come were heard; sooner than a timer, which counts in milliseconds. */
function breather(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  let heard = () => {};
  port1.onmessage = () => heard();
  return () =>
    new Promise((resolve) => {
      heard = resolve;
      port2.postMessage(null);
    });
}

/** The buffers in an answer that belong to nobody else: fresh arrays, never a shard's own. */
function transferable(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength) found.add(value.buffer);
  } else if (Array.isArray(value)) value.forEach((item) => transferable(item, found));
  else if (value !== null && typeof value === "object")
    Object.values(value).forEach((item) => transferable(item, found));
  return [...found];
}
