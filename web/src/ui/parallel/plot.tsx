import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Renderer } from "../../render/scene";
import type { FindingList } from "../finding-list";
import type { Theme } from "../theme";
import type { Lens } from "../lens";
import { Tooltip } from "../tooltip";
import { Announcer } from "./announce";
import { Axis } from "./axis";
import { Brackets } from "./brackets";
import { Current, stretches } from "./current";
import { AxisLabel } from "./label";
import { Finder } from "./hover";
import { PlotModel } from "./model";
import { drawTraces } from "./overlay";
import { PinnedKeys, PinnedValues } from "./pinned";
import { tracesOf } from "./traces";
import { LineWalk } from "./walk";

/** Left for whoever profiles the page: the first lines are on the canvas. */
const FIRST = "undertow:first-picture";

function markFirst(): void {
  if (performance.getEntriesByName(FIRST).length === 0) performance.mark(FIRST);
}

interface PlotProps {
  readonly lens: Lens;
  readonly theme: Theme;
  readonly renderer: Renderer;
  readonly findings: FindingList;
}

/** The parallel plot: lines on a canvas, axes above them, the highlighted line between the two. */
export function ParallelPlot({ lens, theme, renderer, findings }: PlotProps): JSX.Element {
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
        lens.picture.value = scene;
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
        drawTraces(overlay.current, scene, tracesOf(model, theme), theme.halo.value);
      }),
    [model, lens, theme],
  );

  useEffect(() => effect(() => void (lens.inView.value = model.inView.value)), [model, lens]);
  useEffect(
    () =>
      effect(() => {
        const name = lens.arrangement.sought.value;
        // An axis that was hidden stands once its values are there.
        if (name === null || !lens.drawn.value.includes(name)) return;
        lens.arrangement.sought.value = null;
        model.bringIntoView(name);
        requestAnimationFrame(() => flash(root.current, name));
      }),
    [model, lens],
  );

  const finder = useMemo(() => new Finder(model), [model]);
  const within = (event: MouseEvent) => {
    const box = root.current!.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top] as const;
  };
  const pin = async (event: MouseEvent) => {
    if ((event.target as Element).closest(".ut-axis, .ut-label, .ut-bracket, .ut-pin-keys, .ut-pin-row, .ut-menu"))
      return;
    const row = await finder.at(...within(event));
    if (row !== null) lens.pins.toggle(row);
  };
  const hover = (event: PointerEvent) => {
    if (event.buttons !== 0) return;
    const [x, y] = within(event);
    // Over words and buttons a hand wants those.
    if ((event.target as Element).closest(".ut-label, .ut-bracket, .ut-pin-keys, .ut-pin-row")) return finder.leave();
    // On an axis a hand wants to brush: the workers are left free for the cube that will answer it.
    if (lens.crowd && (event.target as Element).classList.contains("ut-axis-reach")) return finder.leave();
    model.pointer.value = { x, y };
    finder.find(x, y);
  };

  const g = model.geometry.value;
  const axes = model.inView.value;
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
      onClick={(event) => void pin(event)}
    >
      <canvas class="ut-canvas" ref={overlay} />
      <LineWalk model={model} />
      <div
        class="ut-scroll"
        ref={(element) => void (model.scroller = element)}
        onScroll={(event) => (model.scroll.value = event.currentTarget.scrollLeft)}
      >
        <div class="ut-sheet" style={{ width: `${g.width}px` }}>
          <svg width={g.width} height={g.height} role="group" aria-label={`Axes, ${lens.drawn.value.length} in all`}>
            <Current model={model} flow={lens.engine.frame.lens === "flow"} />
            {axes.map((name) => (
              <Axis key={name} model={model} name={name} bare={bare.has(name)} findings={findings} />
            ))}
          </svg>
          {axes.map((name) => (
            <AxisLabel key={name} model={model} name={name} bare={bare.has(name)} />
          ))}
          <Brackets model={model} />
          <PinnedValues model={model} />
        </div>
      </div>
      {model.leaving.value !== null && <p class="ut-leaves">Let go to hide {model.labelOf(model.leaving.value)}</p>}
      <PinnedKeys model={model} theme={theme} />
      <Announcer lens={lens} />
      <Tooltip lens={lens} theme={theme} at={model.pointer} size={model.size.value} />
    </div>
  );
}

/** Shows where an axis is that was asked for. */
function flash(root: HTMLElement | null, name: string): void {
  const label = root?.querySelector<HTMLElement>(`.ut-label[data-axis="${CSS.escape(name)}"]`);
  label?.animate([{ backgroundColor: "var(--accent-soft)" }, { backgroundColor: "transparent" }], 1600);
  label?.querySelector<HTMLElement>(".ut-label-name")?.focus();
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
