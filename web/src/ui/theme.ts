import { computed, signal } from "@preact/signals";
import type { ThemeName } from "../core/colour";
import { palette } from "../core/colour";

/** Light or dark: as the system says until someone chooses. */
export class Theme {
  readonly choice = signal<"auto" | ThemeName>("auto");
  readonly #system = signal<ThemeName>("light");
  readonly #dark = matchMedia("(prefers-color-scheme: dark)");
  readonly #follow = () => void (this.#system.value = this.#dark.matches ? "dark" : "light");

  constructor(choice: "auto" | ThemeName) {
    this.choice.value = choice;
    this.#follow();
    this.#dark.addEventListener("change", this.#follow);
  }

  /** Follows the system no longer. */
  close(): void {
    this.#dark.removeEventListener("change", this.#follow);
  }

  readonly name = computed<ThemeName>(() => (this.choice.value === "auto" ? this.#system.value : this.choice.value));
  readonly palette = computed(() => palette(this.name.value));
  /** What lifts a line off those beneath it: the colour of the plot's ground. */
  readonly halo = computed(() => (this.name.value === "light" ? "#ffffff" : "#0f1922"));
}
