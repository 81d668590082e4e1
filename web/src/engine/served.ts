import type { Header } from "./container";

/** A run as the server lists it. */
export interface RunInfo {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  /** ISO 8601; null where the run does not say. */
  readonly start: string | null;
  readonly end: string | null;
  readonly config: Readonly<Record<string, string>>;
  /** What could not be read, in words. */
  readonly problem: string | null;
  /** Changes with the run's rows, where somebody reads them. */
  readonly version?: number;
}

/** The container as it comes over HTTP. */
export interface Packed<H = Header> {
  readonly header: H;
  readonly blocks: readonly Uint8Array<ArrayBuffer>[];
}

/** What a snapshot's header says beside the container's own. */
export interface ServedHeader extends Header {
  readonly snapshot: string;
  readonly runs: readonly string[];
  readonly problems: readonly string[];
}

/** Changes to the run list. */
export interface RunNews {
  readonly runs: readonly RunInfo[];
  readonly gone: readonly string[];
}

/** Reads a container: the header's length, the header, the blocks (docs/protocol.md). */
export function unpack<H extends { readonly blocks: Header["blocks"] } = Header>(buffer: ArrayBuffer): Packed<H> {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))) as H;
  let at = 4 + length;
  const blocks = header.blocks.map(({ size }) => {
    const block = new Uint8Array(buffer, at, size);
    at += size;
    return block;
  });
  return { header, blocks };
}

/** Says no more than that the server cannot be reached, or what it answered. */
export class ServerError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A server of `undertow serve`, as its pages talk to it. */
export class Connection {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  /** Asks, and hands out the answer's bytes; null where there is nothing new. */
  async post(path: string, body: unknown, signal?: AbortSignal): Promise<ArrayBuffer | null> {
    const response = await fetch(path, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });
    if (response.status === 204) return null;
    if (!response.ok) throw new ServerError(response.status, await reason(response));
    return response.arrayBuffer();
  }

  async runs(): Promise<readonly RunInfo[]> {
    const response = await fetch("/api/runs", { headers: { authorization: `Bearer ${this.#token}` } });
    if (!response.ok) throw new ServerError(response.status, await reason(response));
    return ((await response.json()) as { runs: RunInfo[] }).runs;
  }

  /**
   * Tells of every change to the run list, and whether the server can be reached.
   *
   * A browser keeps six connections to a server and no more, for all its tabs together. So one tab listens for all: whoever
   * holds the lock, and the next when it is closed.
   */
  watch(onNews: (news: RunNews) => void, onState: (connected: boolean) => void): void {
    const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("undertow-runs") : null;
    channel?.addEventListener("message", ({ data }: MessageEvent<{ news?: RunNews; connected: boolean }>) => {
      onState(data.connected);
      if (data.news) onNews(data.news);
    });
    const listen = () => {
      const source = new EventSource(`/api/events?token=${encodeURIComponent(this.#token)}`);
      const tell = (connected: boolean, news?: RunNews) => {
        onState(connected);
        if (news) onNews(news);
        channel?.postMessage({ connected, ...(news ? { news } : {}) });
      };
      source.addEventListener("open", () => tell(true));
      source.addEventListener("error", () => tell(false));
      source.addEventListener("message", ({ data }: MessageEvent<string>) => tell(true, JSON.parse(data) as RunNews));
      return new Promise<never>(() => {});
    };
    // Only a page that was opened safely, as from this machine, has locks.
    if (channel && navigator.locks) void navigator.locks.request("undertow-runs", listen);
    else void listen();
  }
}

async function reason(response: Response): Promise<string> {
  try {
    return ((await response.json()) as { error: string }).error;
  } catch {
    return `The server answered ${response.status}.`;
  }
}
