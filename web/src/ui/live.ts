import { effect } from "@preact/signals";
import type { HeaderFrame } from "../engine/container";
import { openHeader } from "../engine/container";
import type { FrameInfo } from "../engine/engine";
import { grow } from "../engine/grow";
import type { Place } from "../engine/handle";
import { hire } from "../engine/handle";
import type { AnswerHeader, Ask } from "../engine/remote";
import { RemoteEngine } from "../engine/remote";
import type { Connection, ServedHeader } from "../engine/served";
import { ServerError, unpack } from "../engine/served";
import type { RunList } from "./runs";
import type { Session } from "./session";

/** The page takes in news for no more than a share of its time, so that a hand on it is never kept waiting. */
const [LEAST_PAUSE, SHARE] = [250, 0.3];
/** Milliseconds until a server that did not answer is asked again. */
const PATIENCE = 1000;

/** Keeps a session up to date with what a server has. */
export class Live {
  readonly #server: Connection;
  readonly #list: RunList;
  readonly #session: Session;
  readonly #startWorker: (name: string) => Worker;
  /** The snapshot that is shown. */
  #have: string | null = null;
  #busy = false;
  #again = false;

  constructor(server: Connection, list: RunList, session: Session, startWorker: (name: string) => Worker) {
    this.#server = server;
    this.#list = list;
    this.#session = session;
    this.#startWorker = startWorker;
  }

  /** Follows the runs, and what is picked of them, from now on. */
  start(): void {
    const list = this.#list;
    effect(() => (list.picked.value, list.runs.value, void this.#keepUp()));
    this.#server.watch(
      (news) => list.hear(news),
      (connected) => (list.connected.value = connected),
    );
    void this.#server.runs().then(
      (runs) => list.hear({ runs, gone: [] }),
      (error: Error) => (list.problems.value = [error.message]),
    );
  }

  /** One refresh at a time; of the news that come meanwhile only the last counts. */
  async #keepUp(): Promise<void> {
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    while (this.#again) {
      this.#again = false;
      const began = performance.now();
      try {
        await this.#refresh();
      } catch (error) {
        this.#list.problems.value = [error instanceof Error ? error.message : String(error)];
        if (!(error instanceof ServerError)) console.warn(error);
      }
      const took = performance.now() - began;
      await new Promise((done) => setTimeout(done, Math.max(LEAST_PAUSE, took / SHARE - took)));
    }
    this.#busy = false;
  }

  async #refresh(): Promise<void> {
    const buffer = await this.#server.post("/api/frames", { runs: this.#list.picked.peek(), have: this.#have });
    if (!buffer) return;
    const { header, blocks } = unpack<ServedHeader>(buffer);
    // A question that cannot be answered would otherwise keep the new state waiting, and all that come after it.
    let abandon: (error: Error) => void = () => {};
    const abandoned = new Promise<never>((_, fail) => (abandon = fail));
    abandoned.catch(() => {});
    const places = () => hire(this.#startWorker, abandon);
    const remote = (frame: FrameInfo) => new RemoteEngine(frame, this.#asker(header.snapshot, frame.lens, abandon));
    const before = this.#session.document.peek().engines;
    const growing = (frame: HeaderFrame, shares: readonly Place[]) =>
      grow(
        before.find((engine) => engine.frame.lens === frame.lens)!,
        frame,
        blocks,
        shares,
      );
    const next = await openHeader(header, (block) => blocks[block]!, places, abandon, remote, growing);
    try {
      await Promise.race([this.#session.replace(next), abandoned]);
    } catch (error) {
      for (const engine of next.engines) engine.close();
      throw error;
    }
    this.#have = header.snapshot;
    [this.#list.shown.value, this.#list.problems.value] = [header.runs, header.problems];
  }

  /** Asks about a frame that is too large for the page. */
  #asker(snapshot: string, lens: string, abandon: (error: Error) => void): Ask {
    return async (question, query, signal) => {
      try {
        const answer = await this.#server.post("/api/ask", { snapshot, lens, question, query }, signal);
        return unpack<AnswerHeader>(answer!);
      } catch (error) {
        if (signal.aborted || (error instanceof ServerError && error.status !== 410 && error.status < 500)) throw error;
        // Out of reach, or the data have moved on: what is drawn stays until there is something newer.
        abandon(error as Error);
        this.#have = null;
        setTimeout(() => void this.#keepUp(), PATIENCE);
        return new Promise<never>(() => {});
      }
    };
  }
}
