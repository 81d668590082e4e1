import type { AnswerHeader, Ask } from "./remote";
import type { Packed } from "./served";
import { unpack } from "./served";

/** What anywidget hands over of the model: the traits, in step with Python's. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: (...args: never[]) => void): void;
  off(event: string, listener: (...args: never[]) => void): void;
  send(content: unknown): void;
}

/** A part of an answer, or why there is none. */
export interface Answered {
  readonly answer: number;
  readonly part: number;
  readonly of: number;
  readonly error?: string;
}

/** The container, which came in pieces that notebooks let pass. */
export function joined(model: Model): ArrayBuffer {
  const parts = Array.from({ length: model.get("_parts") as number }, (_, i) => model.get(`_part_${i}`) as DataView);
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return whole.buffer;
}

/** Questions to the kernel, about frames too large to be sent. */
export class Questions {
  readonly #model: Model;
  readonly #waiting = new Map<
    number,
    { parts: DataView[]; done: (parts: DataView[]) => void; fail: (e: Error) => void }
  >();
  #last = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  asker(version: number, lens: string): Ask {
    return (question, query, signal) =>
      new Promise<Packed<AnswerHeader>>((resolve, reject) => {
        const id = ++this.#last;
        const done = (parts: DataView[]) => {
          void new Blob(parts as unknown as BlobPart[]).arrayBuffer().then((whole) => resolve(unpack(whole)));
        };
        this.#waiting.set(id, { parts: [], done, fail: reject });
        // A kernel answers one after the other, so it would hear of this too late to spare itself the work.
        signal.addEventListener("abort", () => this.#waiting.delete(id));
        this.#model.send({ ask: id, version, lens, question, query });
      });
  }

  take(message: Answered, buffer: DataView | undefined): void {
    const waiting = this.#waiting.get(message.answer);
    if (!waiting) return;
    if (buffer) waiting.parts[message.part] = buffer;
    const complete = message.error !== undefined || Object.keys(waiting.parts).length === message.of;
    if (!complete) return;
    this.#waiting.delete(message.answer);
    if (message.error !== undefined) waiting.fail(new Error(message.error));
    else waiting.done(waiting.parts);
  }
}
