const FAMILY = 'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';
const widths = new Map<string, number>();
let context: OffscreenCanvasRenderingContext2D | null = null;

/** How wide a text stands on the plot, in CSS pixels. */
export function textWidth(text: string, font: "500 11.5px" | "600 12.5px"): number {
  const key = `${font} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    context ??= new OffscreenCanvas(1, 1).getContext("2d")!;
    context.font = `${font} ${FAMILY}`;
    if (widths.size > 20_000) widths.clear();
    // The page's digits are all as wide as a 0, which a canvas cannot be told.
    widths.set(key, (width = context.measureText(text.replace(/\d/g, "0")).width));
  }
  return width;
}

/** The text, cut with an ellipsis where it is wider than `room`. */
export function fitted(text: string, room: number): string {
  if (textWidth(text, "500 11.5px") <= room) return text;
  const letters = [...text];
  let [fits, over] = [1, letters.length];
  while (over - fits > 1) {
    const middle = (fits + over) >> 1;
    if (textWidth(`${letters.slice(0, middle).join("")}…`, "500 11.5px") <= room) fits = middle;
    else over = middle;
  }
  return `${letters.slice(0, fits).join("").trimEnd()}…`;
}

/** A name in parts that may stand on lines of their own: cut where its words meet. */
export function parts(text: string): string[] {
  return text.split(/(?<=[_./\- ])/);
}

/** How many lines a name takes where its parts may stand on lines of their own and longer parts break anywhere. */
export function linesOf(text: string, room: number): number {
  let [lines, used] = [1, 0];
  for (const part of parts(text)) {
    const width = textWidth(part, "600 12.5px");
    if (used > 0 && used + width > room) [lines, used] = [lines + 1, 0];
    lines += Math.ceil(Math.max(0, width - room) / room);
    used = width > room ? width % room : used + width;
  }
  return lines;
}
