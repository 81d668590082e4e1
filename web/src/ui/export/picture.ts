import type { Scene } from "../../render/scene";
import { linePaths } from "./vector";

/** What of an SVG element's look the style sheet says. */
const LOOKS = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linecap",
  "opacity",
  "paint-order",
  "font-size",
  "font-weight",
  "font-style",
  "font-family",
  "text-anchor",
  "dominant-baseline",
] as const;
const SPACE = "http://www.w3.org/2000/svg";
const MARGIN = 16;
/** What is for hands only, and no part of a picture. */
const TOOLS = ".ut-menu, .ut-sr, .ut-tooltip, .ut-axis-reach, [role=slider], .ut-axis-grip, .ut-leaves";

/**
 * The parallel plot as it stands, as SVG: lines as paths where they are few, else as one embedded picture; texts as
 * texts; with its title and what the colours mean.
 */
export function pictureSvg(workbench: HTMLElement, scene: Scene): string {
  const plot = workbench.querySelector<HTMLElement>(".ut-plot")!;
  const box = plot.getBoundingClientRect();
  const legend = workbench.querySelector<HTMLElement>(".ut-ramp, .ut-swatches");
  const heading = workbench.querySelector<HTMLElement>(".ut-header h1");
  const band = Math.max(heading?.getBoundingClientRect().height ?? 0, legend?.getBoundingClientRect().height ?? 0);
  const top = band + 2 * MARGIN;
  const [width, height] = [Math.ceil(box.width), Math.ceil(box.height + top)];
  const root = document.createElementNS(SPACE, "svg");
  for (const [name, value] of Object.entries({ xmlns: SPACE, width, height, viewBox: `0 0 ${width} ${height}` }))
    root.setAttribute(name, String(value));
  const ground = add(root, "rect", { width, height });
  ground.setAttribute("fill", getComputedStyle(plot).backgroundColor);
  const paths = linePaths(scene);
  const canvas = plot.querySelector<HTMLCanvasElement>("canvas.ut-canvas")!;
  const inner = canvas.getBoundingClientRect();
  const place = `translate(${inner.left - box.left} ${inner.top - box.top + top})`;
  const lines = add(root, "g", { transform: place, fill: "none" });
  if (paths === null) {
    add(lines, "image", { width: scene.width, height: scene.height, href: canvas.toDataURL() });
  } else lines.append(...parsed(paths));
  const marks = add(root, "g", { transform: `translate(${-box.left} ${top - box.top})` });
  for (const svg of plot.querySelectorAll<SVGSVGElement>("svg"))
    if (!svg.closest(TOOLS) && visible(svg)) marks.append(drawn(svg));
  for (const text of textsIn(plot)) marks.append(text);
  for (const ink of plot.querySelectorAll(".ut-label-ink-on")) {
    const { left, top: y, width: length, height: thick } = ink.getBoundingClientRect();
    add(marks, "rect", { x: left, y, width: length, height: thick, fill: getComputedStyle(ink).backgroundColor });
  }
  if (heading) {
    const at = heading.getBoundingClientRect();
    const title = add(root, "g", { transform: `translate(${MARGIN - at.left} ${MARGIN - at.top})` });
    for (const text of textsIn(heading)) title.append(text);
  }
  if (legend) {
    const at = legend.getBoundingClientRect();
    const key = add(root, "g", { transform: `translate(${width - MARGIN - at.right} ${MARGIN - at.top})` });
    drawLegend(legend, key);
  }
  return new XMLSerializer().serializeToString(root);
}

/** The same as PNG, so many pixels a CSS pixel. */
export async function picturePng(workbench: HTMLElement, scene: Scene, ratio: number): Promise<Blob> {
  const image = new Image();
  const loaded = new Promise((done, failed) => {
    image.onload = done;
    image.onerror = () => failed(new Error("the browser could not draw the picture"));
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(pictureSvg(workbench, scene))}`;
  await loaded;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(ratio * image.width), Math.round(ratio * image.height)];
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) =>
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("the picture is too large"))), "image/png"),
  );
}

function parsed(shapes: string): readonly Element[] {
  const { documentElement } = new DOMParser().parseFromString(`<g xmlns="${SPACE}">${shapes}</g>`, "image/svg+xml");
  return [...documentElement.children];
}

function add(parent: Element, name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return parent.appendChild(element);
}

/** A copy of an SVG as a group in the window's coordinates, its look written into it. */
function drawn(svg: SVGSVGElement): SVGElement {
  const { left, top } = svg.getBoundingClientRect();
  const group = document.createElementNS(SPACE, "g");
  group.setAttribute("transform", `translate(${left} ${top})`);
  for (const child of svg.children) {
    const copy = styled(child as SVGElement);
    if (copy) group.append(copy);
  }
  return group;
}

function styled(element: SVGElement): SVGElement | null {
  if (element.matches(TOOLS) || element instanceof SVGForeignObjectElement) return null;
  const style = getComputedStyle(element);
  if (style.display === "none" || style.visibility === "hidden") return null;
  const copy = element.cloneNode(false) as SVGElement;
  for (const name of [...copy.getAttributeNames()])
    if (/^(on|class|style|tabindex|role|aria-|data-)/.test(name)) copy.removeAttribute(name);
  const shape = !(element instanceof SVGGElement);
  for (const name of LOOKS) if (shape || name === "opacity") copy.setAttribute(name, style.getPropertyValue(name));
  const move = style.transform;
  if (move !== "none" && !element.hasAttribute("transform")) copy.setAttribute("transform", move);
  for (const child of element.childNodes) {
    if (child instanceof SVGElement) {
      const inner = styled(child);
      if (inner) copy.append(inner);
    } else if (child instanceof Text) copy.append(child.data);
  }
  return copy;
}

/** Every line of text in an element's HTML, where it stands in the window. */
function textsIn(root: HTMLElement): SVGElement[] {
  const found: SVGElement[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement!;
    if (parent.closest("svg") || parent.closest(TOOLS) || !visible(parent)) continue;
    const style = getComputedStyle(parent);
    for (const { text, box } of linesOf(node as Text)) {
      const element = document.createElementNS(SPACE, "text");
      const size = parseFloat(style.fontSize);
      element.setAttribute("x", String(box.left));
      // Where the letters stand in their line: its middle, and a third of their height below.
      element.setAttribute("y", String(box.top + box.height / 2 + 0.35 * size));
      for (const name of ["font-size", "font-weight", "font-style", "font-family"] as const)
        element.setAttribute(name, style.getPropertyValue(name));
      element.setAttribute("fill", style.color);
      element.textContent = text;
      found.push(element);
    }
  }
  return found;
}

/** The lines into which a text is broken. */
function linesOf(node: Text): { text: string; box: DOMRect }[] {
  const lines: { text: string; box: DOMRect }[] = [];
  const range = document.createRange();
  for (let i = 0; i < node.length; i++) {
    range.setStart(node, i);
    range.setEnd(node, i + 1);
    const box = range.getBoundingClientRect();
    const last = lines.at(-1);
    if (last && Math.abs(last.box.top - box.top) < 2) last.text += node.data[i]!;
    else if (box.width > 0) lines.push({ text: node.data[i]!, box });
  }
  return lines.map(({ text, box }) => ({ text: text.trimEnd(), box }));
}

function visible(element: Element): boolean {
  const box = element.getBoundingClientRect();
  return (
    box.width > 0 &&
    box.height > 0 &&
    element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true } as object)
  );
}

function drawLegend(legend: HTMLElement, key: SVGElement): void {
  for (const text of textsIn(legend)) key.append(text);
  for (const piece of legend.querySelectorAll<HTMLElement>(".ut-ramp-bar > div, .ut-swatch i")) {
    const { left, top, width, height } = piece.getBoundingClientRect();
    const { backgroundImage, backgroundColor } = getComputedStyle(piece);
    const colours = backgroundImage.match(/rgba?\([^)]*\)/g);
    const shape = { x: left, y: top, width, height, rx: height / 2 };
    if (!colours) {
      add(key, "rect", { ...shape, fill: backgroundColor });
      continue;
    }
    const gradient = add(key, "linearGradient", { id: "ut-ramp" });
    colours.forEach((colour, i) =>
      add(gradient, "stop", { offset: i / Math.max(1, colours.length - 1), "stop-color": colour }),
    );
    add(key, "rect", { ...shape, fill: "url(#ut-ramp)" });
  }
}
