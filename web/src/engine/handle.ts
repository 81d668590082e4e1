import type { Vector } from "../core/column";
import { Shard } from "./shard";
import { argsort } from "./sort";
import { openColumn, percentiles } from "./column-data";
import { summarize } from "./summary";
import { buffersOf } from "./vectors";

/** What can be asked of a place where rows are kept; the same in this thread and in a worker. */
export const operations = {
  /** Decodes whole columns, describes them, and cuts them into the shards' shares. */
  openColumn,
  argsort,
  percentiles,
  summarize,
};

export type Operations = typeof operations;
type Methods = { [K in keyof Shard]: Shard[K] extends (...args: never[]) => unknown ? K : never }[keyof Shard];

/** A shard and a pair of hands, wherever they are. */
export interface Place {
  /** Makes the shard anew, for so many rows. */
  start(rows: number): Promise<void>;
  /** Hands a column over to the shard; the vector is the caller's no longer. */
  give(name: string, vector: Vector): Promise<void>;
  ask<K extends Methods>(method: K, ...args: Parameters<Shard[K]>): Promise<ReturnType<Shard[K]>>;
  do<K extends keyof Operations>(
    operation: K,
    args: Parameters<Operations[K]>,
    transfer?: Transferable[],
  ): Promise<Awaited<ReturnType<Operations[K]>>>;
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

  async ask<K extends Methods>(method: K, ...args: Parameters<Shard[K]>): Promise<ReturnType<Shard[K]>> {
    const call = this.#shard[method] as (...args: Parameters<Shard[K]>) => ReturnType<Shard[K]>;
    return call.apply(this.#shard, args);
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
  readonly name: string;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A place in a worker that runs `servePlace`. Questions are answered in the order they were asked. */
export class WorkerPlace implements Place {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.error === undefined) waiting?.resolve(data.result);
      else waiting?.reject(new Error(data.error));
    });
    worker.addEventListener("error", (event) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(event.message));
      this.#waiting.clear();
    });
  }

  start(rows: number): Promise<void> {
    return this.#send("start", "", [rows], []) as Promise<void>;
  }

  give(name: string, vector: Vector): Promise<void> {
    return this.#send("ask", "add", [name, vector], buffersOf(vector)) as Promise<void>;
  }

  ask<K extends Methods>(method: K, ...args: Parameters<Shard[K]>): Promise<ReturnType<Shard[K]>> {
    return this.#send("ask", method, args, []) as Promise<ReturnType<Shard[K]>>;
  }

  do<K extends keyof Operations>(
    operation: K,
    args: Parameters<Operations[K]>,
    transfer: Transferable[] = [],
  ): Promise<Awaited<ReturnType<Operations[K]>>> {
    return this.#send("do", operation, args, transfer) as Promise<Awaited<ReturnType<Operations[K]>>>;
  }

  #send(kind: Question["kind"], name: string, args: readonly unknown[], transfer: Transferable[]): Promise<unknown> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, kind, name, args } satisfies Question, transfer);
    });
  }
}

/** The part of a worker's global scope that is needed here; TypeScript's page library does not know it. */
export interface WorkerScope {
  addEventListener(type: "message", listener: (event: MessageEvent<Question>) => void): void;
  postMessage(message: Answer, transfer: Transferable[]): void;
}

/** Makes the worker that this is called in a place. */
export function servePlace(scope: WorkerScope): void {
  const place = new LocalPlace();
  // One after another: a question may rely on what the one before it did.
  let last: Promise<unknown> = Promise.resolve();
  scope.addEventListener("message", ({ data: { id, kind, name, args } }) => {
    last = last.then(async () => {
      try {
        const result =
          kind === "start"
            ? await place.start(args[0] as number)
            : kind === "ask"
              ? await place.ask(name as never, ...(args as never))
              : await place.do(name as never, args as never);
        scope.postMessage({ id, result }, transferable(result));
      } catch (error) {
        scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, []);
      }
    });
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
