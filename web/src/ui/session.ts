import { batch, effect, signal } from "@preact/signals";
import type { Document, Engine } from "../engine/engine";
import { Lens } from "./lens";
import type { Saved } from "./saved";
import { remember, restore } from "./saved";
import { Theme } from "./theme";
import { Views } from "./views/state";

/** Milliseconds that the engines of an older state are kept. */
const GRACE = 2000;

/** What is shown: a document, and what a person has made of its frames. Another state of the same data takes its place. */
export class Session {
  readonly document = signal<Document>({ title: "", subtitle: "", theme: "auto", engines: [], findings: [] });
  readonly lenses = signal<readonly Lens[]>([]);
  /** The lens in front; null where nothing was recorded yet. */
  readonly current = signal<Lens | null>(null);

  readonly theme: Theme;
  readonly #views = new Map<string, Views>();
  #saved: Saved;

  /** @param saved What a person made of it before. */
  constructor(document: Document, saved: Saved | null = null) {
    this.#saved = saved ?? {};
    this.theme = new Theme(document.theme, this.current);
    if (saved?.theme === "light" || saved?.theme === "dark" || saved?.theme === "auto")
      this.theme.choice.value = saved.theme;
    this.document.value = document;
    this.lenses.value = document.engines.map((engine) => this.#made(engine));
    this.current.value =
      this.lenses.value.find((lens) => lens.engine.frame.lens === saved?.lens) ?? this.lenses.value[0] ?? null;
  }

  /** What was written down of lenses that are not there yet. */
  get pending(): NonNullable<Saved["lenses"]> {
    return this.#saved.lenses ?? {};
  }

  #made(engine: Engine): Lens {
    const lens = new Lens(engine);
    const { lens: name } = engine.frame;
    remember(lens, this.views(lens));
    const { lenses = {} } = this.#saved;
    if (Object.hasOwn(lenses, name)) {
      restore(lens, lenses[name]);
      // Once: what comes later takes over from the state before it.
      this.#saved = {
        ...this.#saved,
        lenses: Object.fromEntries(Object.entries(lenses).filter(([key]) => key !== name)),
      };
    }
    return lens;
  }

  /** What a person has made of the views beside a lens' plot; a newer state of its frame finds it as it was. */
  views({ engine: { frame } }: Lens): Views {
    let views = this.#views.get(frame.lens);
    if (!views) this.#views.set(frame.lens, (views = new Views(frame)));
    return views;
  }

  /** Shows a newer state of the data: axes, brushes, colours and scales stay, and nothing is drawn before it is counted. */
  async replace(document: Document): Promise<void> {
    const lenses = document.engines.map((engine) => this.#made(engine));
    const adopt = () => {
      for (const lens of lenses) {
        const old = this.lenses.peek().find((other) => other.engine.frame.lens === lens.engine.frame.lens);
        if (old) lens.adopt(old);
      }
    };
    const inFront = () => {
      const name = this.current.peek()?.engine.frame.lens ?? this.#saved.lens;
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
    this.theme.close();
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
