import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Renderer } from "../../render/scene";
import type { Theme } from "../theme";
import type { Lens } from "../lens";
import { Tooltip } from "../tooltip";
import { Axis } from "./axis";
import { Current, stretches } from "./current";
import { AxisLabel } from "./label";
import { Finder, highlight, hoveredColour } from "./hover";
import { PlotModel } from "./model";
import { drawHighlight } from "./overlay";

/** Left for whoever profiles the page: the first lines are on the canvas. */
const FIRST = "undertow:first-picture";

function markFirst(): void {
  if (performance.getEntriesByName(FIRST).length === 0) performance.mark(FIRST);
}

interface PlotProps {
  readonly lens: Lens;
  readonly theme: Theme;
  readonly renderer: Renderer;
}

/** The parallel plot: lines on a canvas, axes above them, the highlighted line between the two. */
export function ParallelPlot({ lens, theme, renderer }: PlotProps): JSX.Element {
  const last = useRef<PlotModel | null>(null);
  const model = useMemo(() => (last.current = new PlotModel(lens, theme.palette, last.current)), [lens, theme]);
  const root = useRef<HTMLDivElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  useSize(root, model);

  useLayoutEffect(() => {
    renderer.canvas.className = "ut-canvas";
    root.current!.prepend(renderer.canvas);
    return () => renderer.canvas.remove();
  }, [renderer]);
  useEffect(() => effect(() => model.motion.aim(model.targets.value)), [model]);
  useEffect(
    () =>
      effect(() => {
        const scene = model.scene.value;
        if (!scene) return;
        renderer.draw(scene, lens.crowd?.empty ? undefined : markFirst);
      }),
    [model, renderer],
  );
  useEffect(
    () =>
      effect(() => {
        const scene = model.scene.value;
        if (!scene || !overlay.current) return;
        drawHighlight(overlay.current, scene, highlight(model), hoveredColour(lens, theme), theme.halo.value);
      }),
    [model, lens, theme],
  );

  const finder = useMemo(() => new Finder(model), [model]);
  const hover = (event: PointerEvent) => {
    if (event.buttons !== 0) return;
    const box = root.current!.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    // On an axis a hand wants to brush: the workers are left free for the cube that will answer it.
    if (lens.crowd && (event.target as Element).classList.contains("ut-axis-reach")) return finder.leave();
    model.pointer.value = { x, y };
    finder.find(x, y);
  };

  const g = model.geometry.value;
  const axes = lens.drawn.value;
  // Within a stretch of one domain the first axis' numbers serve all, but for percentiles: those are each column's own.
  const bare = new Set(
    stretches(model)
      .flatMap((stretch) => stretch.axes.slice(1))
      .filter((name) => lens.scale(name).name !== "percentile"),
  );
  return (
    <div
      class="ut-plot"
      ref={root}
      data-renderer={renderer.kind}
      onPointerMove={hover}
      onPointerLeave={() => finder.leave()}
    >
      <canvas class="ut-canvas" ref={overlay} />
      <div class="ut-scroll" onScroll={(event) => (model.scroll.value = event.currentTarget.scrollLeft)}>
        <div class="ut-sheet" style={{ width: `${g.width}px` }}>
          <svg width={g.width} height={g.height} role="group" aria-label="Axes">
            <Current model={model} flow={lens.engine.frame.lens === "flow"} />
            {axes.map((name) => (
              <Axis key={name} model={model} name={name} bare={bare.has(name)} />
            ))}
          </svg>
          {axes.map((name) => (
            <AxisLabel key={name} model={model} name={name} bare={bare.has(name)} />
          ))}
        </div>
      </div>
      <Tooltip lens={lens} theme={theme} at={model.pointer} size={model.size.value} />
    </div>
  );
}

function useSize(root: { readonly current: HTMLElement | null }, model: PlotModel): void {
  useLayoutEffect(() => {
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = root.current!;
      const ratio = devicePixelRatio;
      const now = model.size.peek();
      if (now.width === width && now.height === height && now.ratio === ratio) return;
      model.size.value = { width, height, ratio };
      model.motion.aim(model.targets.peek());
      model.motion.settle();
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(root.current!);
    // Zooming or moving to another screen changes the ratio without changing the size.
    const zoom = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    zoom.addEventListener("change", measure);
    return () => {
      observer.disconnect();
      zoom.removeEventListener("change", measure);
    };
  }, [model]);
}
