import type { Panel, Scene } from "../../render/scene";
import { ease, easeSlope, height } from "../../render/scene";

/**
 * The selected row whose line passes nearest to a point.
 *
 * @returns Its number, or null when none comes within `reach` CSS pixels.
 */
export function nearestRow(scene: Scene, x: number, y: number, reach: number): number | null {
  const panel =
    scene.panels.find((p) => x >= p.x0 && x <= p.x1) ??
    scene.panels.find((p) => x >= p.x0 - reach && x <= p.x1 + reach);
  if (!panel) return null;
  let best: number | null = null;
  let nearest = reach;
  for (let row = 0; row < scene.selected.length; row++) {
    if (!scene.selected[row]) continue;
    const distance = distanceTo(scene, panel, row, x, y);
    // Of lines that lie on one another the one drawn last is the one seen.
    if (distance <= nearest) [best, nearest] = [row, distance];
  }
  return best;
}

function distanceTo(scene: Scene, panel: Panel, row: number, x: number, y: number): number {
  const y0 = height(panel.left[row]!, panel.flipLeft, scene);
  const y1 = height(panel.right[row]!, panel.flipRight, scene);
  const t = (Math.min(panel.x1, Math.max(panel.x0, x)) - panel.x0) / (panel.x1 - panel.x0);
  const slope = ((y1 - y0) / (panel.x1 - panel.x0)) * easeSlope(t, scene.curved ?? false);
  return Math.abs(y - (y0 + (y1 - y0) * ease(t, scene.curved ?? false))) / Math.sqrt(1 + slope * slope);
}
