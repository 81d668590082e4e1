import type { ReadonlySignal } from "@preact/signals";
import { computed, signal } from "@preact/signals";
import type { ThemeName } from "../core/colour";
import { palette } from "../core/colour";
import type { Lens } from "./lens";

/** Light or dark: as the system says until someone chooses. */
export class Theme {
  readonly choice = signal<"auto" | ThemeName>("auto");
  readonly #system = signal<ThemeName>("light");
  readonly #dark = matchMedia("(prefers-color-scheme: dark)");
  readonly #lens: ReadonlySignal<Lens | null>;
  readonly #follow = () => void (this.#system.value = this.#dark.matches ? "dark" : "light");

  /** @param lens Whose colours are to be seen. */
  constructor(choice: "auto" | ThemeName, lens: ReadonlySignal<Lens | null>) {
    this.#lens = lens;
    this.choice.value = choice;
    this.#follow();
    this.#dark.addEventListener("change", this.#follow);
  }

  /** Follows the system no longer. */
  close(): void {
    this.#dark.removeEventListener("change", this.#follow);
  }

  readonly name = computed<ThemeName>(() => (this.choice.value === "auto" ? this.#system.value : this.choice.value));
  /** The palette of the column that colours the lines. */
  readonly palette = computed(() => {
    const base = palette(this.name.value);
    return this.#lens.value?.colouring.dress(base, this.name.value) ?? base;
  });
  /** What lifts a line off those beneath it: the colour of the plot's ground. */
  readonly halo = computed(() => (this.name.value === "light" ? "#ffffff" : "#0f1922"));
}
