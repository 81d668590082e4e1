import { computed, signal } from "@preact/signals";
import type { ThemeName } from "../core/colour";
import { palette } from "../core/colour";

/** Light or dark: as the system says until someone chooses. */
export class Theme {
  readonly choice = signal<"auto" | ThemeName>("auto");
  readonly #system = signal<ThemeName>("light");

  constructor(choice: "auto" | ThemeName) {
    this.choice.value = choice;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => (this.#system.value = dark.matches ? "dark" : "light");
    follow();
    dark.addEventListener("change", follow);
  }

  readonly name = computed<ThemeName>(() => (this.choice.value === "auto" ? this.#system.value : this.choice.value));
  readonly palette = computed(() => palette(this.name.value));
  /** What lifts a line off those beneath it: the colour of the plot's ground. */
  readonly halo = computed(() => (this.name.value === "light" ? "#ffffff" : "#0f1922"));
}
