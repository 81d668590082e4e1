import "../ui/style.css";
import "./widget.css";
import { effect } from "@preact/signals";
import workerScript from "undertow:worker";
import { openHeader } from "../engine/container";
import type { Document, FrameInfo } from "../engine/engine";
import { hire } from "../engine/handle";
import type { Answered, Model } from "../engine/kernel";
import { joined, Questions } from "../engine/kernel";
import { RemoteEngine } from "../engine/remote";
import type { ServedHeader } from "../engine/served";
import { unpack } from "../engine/served";
import { RasterRenderer } from "../render/raster-renderer";
import { SharedRenderer } from "../render/shared";
import type { Lens } from "../ui/lens";
import { Session } from "../ui/session";
import { mount } from "../workbench";

/** How long a brush must rest before Python hears of it, in ms: a kernel has other work. */
const REST = 120;

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
      const places = () => hire(startWorker, fail);
      const remote = (frame: FrameInfo) => new RemoteEngine(frame, questions.asker(version, frame.lens));
      await session.replace(await openHeader(header, (block) => blocks[block]!, places, fail, remote));
    });
    loading = loading.catch(fail);
  };
  const fail = (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    failure.textContent = `Undertow has stopped: ${message}. Run the cell again.`;
    failure.hidden = false;
  };

  let rest: ReturnType<typeof setTimeout> | undefined;
  const stop = effect(() => {
    const lens = session.current.value;
    if (!lens?.ready.value) return;
    void lens.settled.value;
    clearTimeout(rest);
    rest = setTimeout(() => void tell(lens), REST);
  });
  async function tell(lens: Lens): Promise<void> {
    const filters = lens.settled.peek();
    const { bits } = await lens.engine.select(filters);
    model.set("_selected", { lens: lens.engine.frame.lens, filters, version: model.get("_version") });
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
