import { batch, effect, signal } from "@preact/signals";
import type { Document } from "../engine/engine";
import { Lens } from "./lens";
import { Views } from "./views/state";

/** Milliseconds that the engines of an older state are kept. */
const GRACE = 2000;

/** What is shown: a document, and what a person has made of its frames. Another state of the same data takes its place. */
export class Session {
  readonly document = signal<Document>({ title: "", subtitle: "", theme: "auto", engines: [], findings: [] });
  readonly lenses = signal<readonly Lens[]>([]);
  /** The lens in front; null where nothing was recorded yet. */
  readonly current = signal<Lens | null>(null);

  constructor(document: Document) {
    this.document.value = document;
    this.lenses.value = document.engines.map((engine) => new Lens(engine));
    this.current.value = this.lenses.value[0] ?? null;
  }

  readonly #views = new Map<string, Views>();

  /** What a person has made of the views beside a lens' plot; a newer state of its frame finds it as it was. */
  views({ engine: { frame } }: Lens): Views {
    let views = this.#views.get(frame.lens);
    if (!views) this.#views.set(frame.lens, (views = new Views(frame)));
    return views;
  }

  /** Shows a newer state of the data: axes, brushes, colours and scales stay, and nothing is drawn before it is counted. */
  async replace(document: Document): Promise<void> {
    const lenses = document.engines.map((engine) => new Lens(engine));
    const adopt = () => {
      for (const lens of lenses) {
        const old = this.lenses.peek().find((other) => other.engine.frame.lens === lens.engine.frame.lens);
        if (old) lens.adopt(old);
      }
    };
    const inFront = () => {
      const name = this.current.peek()?.engine.frame.lens;
      return lenses.find((lens) => lens.engine.frame.lens === name) ?? lenses[0] ?? null;
    };
    adopt();
    await opened(inFront());
    // The person went on meanwhile, and may have turned to another lens.
    adopt();
    await opened(inFront());
    const [before, engines] = [this.lenses.peek(), this.document.peek().engines];
    batch(() => {
      adopt();
      this.document.value = document;
      this.lenses.value = lenses;
      this.current.value = inFront();
    });
    for (const lens of before) lens.close();
    // What the old picture still waits for is answered; nobody asks it anything new.
    setTimeout(() => engines.forEach((engine) => engine.close()), GRACE);
  }

  /** Lets go of everything. */
  close(): void {
    for (const lens of this.lenses.peek()) lens.close();
    for (const engine of this.document.peek().engines) engine.close();
  }
}

/** Resolves when a lens can be drawn. */
async function opened(lens: Lens | null): Promise<void> {
  await lens?.open();
  const crowd = lens?.crowd;
  if (!crowd) return;
  await new Promise<void>((done) => {
    let stop: (() => void) | undefined;
    stop = effect(() => {
      if (crowd.complete.value) queueMicrotask(() => (stop?.(), done()));
    });
  });
}
