import { height } from "../../render/scene";
import type { Scene } from "../../render/scene";

/** More lines than this make a vector file larger than a picture of them. */
export const MOST_LINES = 3000;

/** A scene's exact lines as SVG paths, context first; null where there are too many of them, or densities. */
export function linePaths(scene: Scene): string | null {
  const { panels, selected, colours, context, opacity, lineWidth } = scene;
  if (selected.length > MOST_LINES || panels.some(({ densities }) => densities.length > 0)) return null;
  const order = [...selected.keys()].filter((row) => selected[row] === 1 || (selected[row] === 0 && context));
  order.sort((a, b) => selected[a]! - selected[b]!);
  return order
    .map((row) => {
      const path = panels.map((panel) => stretch(panel, row, scene)).join("");
      const [r, g, b, a] = colours.subarray(4 * row, 4 * row + 4);
      const grey = context?.slice(0, 3).map((c) => Math.round(255 * c)) ?? [];
      const [ink, strength] = selected[row] ? [[r, g, b], (opacity * a!) / 255] : [grey, context![3]];
      return `<path d="${path}" stroke="rgb(${ink.join(",")})" stroke-opacity="${round(strength)}" stroke-width="${round(lineWidth)}"/>`;
    })
    .join("");
}

function stretch(panel: Scene["panels"][number], row: number, scene: Scene): string {
  const [y0, y1] = [height(panel.left[row]!, panel.flipLeft, scene), height(panel.right[row]!, panel.flipRight, scene)];
  const [x0, x1] = [panel.x0, panel.x1];
  if (!scene.curved) return `M${round(x0)} ${round(y0)}L${round(x1)} ${round(y1)}`;
  // The smoothstep is a cubic whose handles lie a third of the way out, level.
  const third = (x1 - x0) / 3;
  return `M${round(x0)} ${round(y0)}C${round(x0 + third)} ${round(y0)} ${round(x1 - third)} ${round(y1)} ${round(x1)} ${round(y1)}`;
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}
