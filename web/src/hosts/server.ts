import "../ui/style.css";
import { effect } from "@preact/signals";
import type { HeaderFrame } from "../engine/container";
import { openHeader } from "../engine/container";
import type { Document, FrameInfo } from "../engine/engine";
import { grow } from "../engine/grow";
import type { Place } from "../engine/handle";
import { servePlace, WorkerPlace } from "../engine/handle";
import type { AnswerHeader, Ask } from "../engine/remote";
import { RemoteEngine } from "../engine/remote";
import type { ServedHeader } from "../engine/served";
import { Connection, ServerError, unpack } from "../engine/served";
import { createRenderer } from "../render/create";
import { serveRaster } from "../render/raster-renderer";
import { RunList } from "../ui/runs";
import { Session } from "../ui/session";
import { mount } from "../workbench";

/** Beyond this, workers wait for memory rather than for a core. */
const MOST_WORKERS = 4;
/** The page takes in news for no more than a share of its time, so that a hand on it is never kept waiting. */
const [LEAST_PAUSE, SHARE] = [250, 0.3];

/* This one script is the page and, started again as a worker, what works for it. */
if (typeof document !== "undefined") start(document.getElementById("undertow")!);
else if (self.name === "raster") serveRaster(self as unknown as Parameters<typeof serveRaster>[0]);
else servePlace(self as unknown as Parameters<typeof servePlace>[0]);

function start(root: HTMLElement): void {
  const script = (document.currentScript as HTMLScriptElement).src;
  const startWorker = (name: string) => new Worker(script, { name });
  const server = new Connection(new URLSearchParams(location.search).get("token") ?? "");
  const list = new RunList();
  const empty: Document = { title: document.title, subtitle: "", theme: "auto", engines: [], findings: [] };
  const session = new Session(empty);
  const wanted = new URLSearchParams(location.hash.slice(1)).get("renderer");
  mount(
    root,
    session,
    createRenderer(() => startWorker("raster"), wanted),
    list,
  );

  /** Asks about a frame that is too large for the page. */
  function asker(snapshot: string, lens: string): Ask {
    return async (question, query, signal) => {
      try {
        const answer = await server.post("/api/ask", { snapshot, lens, question, query }, signal);
        return unpack<AnswerHeader>(answer!);
      } catch (error) {
        // Out of reach, or the data have moved on: what is drawn stays until there is something newer.
        if (signal.aborted || (error instanceof ServerError && error.status !== 410 && error.status < 500)) throw error;
        have = null;
        setTimeout(() => void keepUp(), 1000);
        return new Promise<never>(() => {});
      }
    };
  }

  let have: string | null = null;
  let engines: readonly RemoteEngine[] = [];
  let workers: Worker[] = [];
  async function refresh(): Promise<void> {
    const buffer = await server.post("/api/frames", { runs: list.picked.peek(), have });
    if (!buffer) return;
    const { header, blocks } = unpack<ServedHeader>(buffer);
    const [old, hired]: [Worker[], Worker[]] = [workers, []];
    const places = () => {
      const count = Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency || 2));
      const more = Array.from({ length: count }, () => startWorker("place"));
      hired.push(...more);
      return more.map((worker) => new WorkerPlace(worker));
    };
    const asked: RemoteEngine[] = [];
    const remote = (frame: FrameInfo) => {
      const engine = new RemoteEngine(frame, asker(header.snapshot, frame.lens));
      asked.push(engine);
      return engine;
    };
    const before = session.document.peek().engines;
    const growing = (frame: HeaderFrame, shares: readonly Place[]) =>
      grow(
        before.find((engine) => engine.frame.lens === frame.lens)!,
        frame,
        blocks,
        shares,
      );
    await session.replace(await openHeader(header, (block) => blocks[block]!, places, remote, growing));
    for (const engine of engines) engine.close();
    [have, workers, engines] = [header.snapshot, hired, asked];
    [list.shown.value, list.problems.value] = [header.runs, header.problems];
    for (const worker of old) worker.terminate();
  }

  let [busy, again] = [false, false];
  /** One refresh at a time; of the news that come meanwhile only the last counts. */
  async function keepUp(): Promise<void> {
    again = true;
    if (busy) return;
    busy = true;
    while (again) {
      again = false;
      const began = performance.now();
      try {
        await refresh();
      } catch (error) {
        list.problems.value = [error instanceof Error ? error.message : String(error)];
        if (!(error instanceof ServerError)) console.warn(error);
      }
      const took = performance.now() - began;
      await new Promise((done) => setTimeout(done, Math.max(LEAST_PAUSE, took / SHARE - took)));
    }
    busy = false;
  }

  effect(() => (list.picked.value, list.runs.value, void keepUp()));
  server.watch(
    (news) => list.hear(news),
    (connected) => (list.connected.value = connected),
  );
  void server.runs().then(
    (runs) => list.hear({ runs, gone: [] }),
    (error: Error) => (list.problems.value = [error.message]),
  );
}
