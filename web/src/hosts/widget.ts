import "../ui/style.css";
import "./widget.css";
import { effect } from "@preact/signals";
import workerScript from "undertow:worker";
import { openHeader } from "../engine/container";
import type { Document, FrameInfo } from "../engine/engine";
import { WorkerPlace } from "../engine/handle";
import type { AnswerHeader, Ask } from "../engine/remote";
import { RemoteEngine } from "../engine/remote";
import type { Packed, ServedHeader } from "../engine/served";
import { unpack } from "../engine/served";
import { RasterRenderer } from "../render/raster-renderer";
import { SharedRenderer } from "../render/shared";
import type { Lens } from "../ui/lens";
import { Session } from "../ui/session";
import { mount } from "../workbench";

/** Beyond this, workers wait for memory rather than for a core. */
const MOST_WORKERS = 4;
/** How long a brush must rest before Python hears of it, in ms: a kernel has other work. */
const REST = 120;

/** What anywidget hands over of the model: the traits, in step with Python's. */
interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: (...args: never[]) => void): void;
  off(event: string, listener: (...args: never[]) => void): void;
  send(content: unknown): void;
}

/** A part of an answer, or why there is none. */
interface Answered {
  readonly answer: number;
  readonly part: number;
  readonly of: number;
  readonly error?: string;
}

/** What Python says beside the traits. */
type Message = Answered | { readonly action: "keep" | "exclude" | "restore" };

export default { render };

/** Shows the model in a cell. @returns Takes everything off again. */
function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const root = el.appendChild(document.createElement("div"));
  root.className = "ut-widget";
  root.dataset["mark"] = model.get("mark") as string;
  root.style.height = `${model.get("height") as number}px`;
  const failure = el.appendChild(document.createElement("p"));
  failure.className = "ut-failure";
  failure.setAttribute("role", "alert");
  failure.hidden = true;
  const url = URL.createObjectURL(new Blob([workerScript], { type: "text/javascript" }));
  const startWorker = (name: string): Worker | null => {
    try {
      return new Worker(url, { name });
    } catch {
      // Some hosts forbid workers; the picture is worth a wait.
      return null;
    }
  };
  const wanted = model.get("renderer") as string;
  const webgl = wanted === "raster" ? null : SharedRenderer.create(wanted === "webgl2");
  const renderer = webgl ?? new RasterRenderer(startWorker("raster"));
  const empty: Document = { title: "", subtitle: "", theme: "auto", engines: [], findings: [] };
  const session = new Session(empty);
  const unmount = mount(root, session, renderer);
  const questions = new Questions(model);

  let loading = Promise.resolve();
  const load = () => {
    loading = loading.then(async () => {
      const version = model.get("_version") as number;
      if (!version) return;
      const { header, blocks } = unpack<ServedHeader>(joined(model));
      const places = () => {
        const count = Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency || 2));
        const workers = Array.from({ length: count }, () => startWorker("place")).flatMap((worker) => worker ?? []);
        return workers.map((worker) => new WorkerPlace(worker, fail));
      };
      const remote = (frame: FrameInfo) => new RemoteEngine(frame, questions.asker(version, frame.lens));
      await session.replace(await openHeader(header, (block) => blocks[block]!, places, fail, remote));
    });
    loading = loading.catch(fail);
  };
  const fail = (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    root.dataset["error"] = message;
    failure.textContent = `Undertow has stopped: ${message}. Run the cell again.`;
    failure.hidden = false;
  };

  let rest: ReturnType<typeof setTimeout> | undefined;
  const stop = effect(() => {
    const lens = session.current.value;
    if (!lens?.ready.value) return;
    const said = JSON.stringify({ lens: lens.engine.frame.lens, filters: lens.settled.value });
    clearTimeout(rest);
    rest = setTimeout(() => void tell(lens, said), REST);
  });
  async function tell(lens: Lens, said: string): Promise<void> {
    const { bits, count } = await lens.engine.select(lens.settled.peek());
    model.set("_selected", { ...(JSON.parse(said) as object), count, version: model.get("_version") });
    model.set("_bits", new DataView(bits.buffer, bits.byteOffset, bits.byteLength));
    model.save_changes();
  }

  const hear = (message: Message, buffers: readonly DataView[]) => {
    if ("answer" in message) return questions.take(message, buffers[0]);
    const lens = session.current.peek();
    if (message.action !== "restore") lens?.restrict(message.action);
    else if (lens) {
      lens.steps.value = [];
      lens.clear();
    }
  };
  model.on("change:_version", load);
  model.on("msg:custom", hear);
  load();
  return () => {
    model.off("change:_version", load);
    model.off("msg:custom", hear);
    stop();
    clearTimeout(rest);
    unmount();
    URL.revokeObjectURL(url);
  };
}

/** The container, which came in pieces that notebooks let pass. */
function joined(model: Model): ArrayBuffer {
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
class Questions {
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
        signal.addEventListener("abort", () => {
          if (this.#waiting.delete(id)) this.#model.send({ cancel: id });
        });
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
