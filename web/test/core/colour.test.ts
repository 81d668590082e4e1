import { describe, expect, test } from "vitest";
import { palette } from "../../src/core/colour";

const luminance = (r: number, g: number, b: number) => {
  const linear = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
};

describe.each(["light", "dark"] as const)("the %s ramp", (theme) => {
  const { ramp } = palette(theme);
  const steps = Array.from({ length: 256 }, (_, i) => luminance(ramp[4 * i]!, ramp[4 * i + 1]!, ramp[4 * i + 2]!));

  test("grows lighter at every step that eight bits can tell", () => {
    for (let i = 8; i < 256; i += 8) expect(steps[i]!).toBeGreaterThan(steps[i - 8]!);
  });

  test("stays clear of the page's ground", () => {
    const ground = theme === "light" ? 1 : luminance(15, 25, 34);
    for (const step of steps) {
      const [high, low] = [Math.max(step, ground), Math.min(step, ground)];
      expect((high + 0.05) / (low + 0.05)).toBeGreaterThan(1.9);
    }
  });
});
