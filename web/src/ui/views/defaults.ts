import type { ColumnInfo } from "../../core/column";
import type { Lens } from "../lens";
import type { DistributionChoice, HeatmapChoice, ScatterChoice, SeriesChoice } from "./state";

/** Columns that count how far a training has come, the likeliest first. */
const CLOCKS = ["step", "epoch", "global_step", "iteration", "time"];
/** What is drawn over them, the likeliest first. */
const GOALS = ["val_loss", "loss", "train_loss", "accuracy", "acc", "grad_norm"];
/** Beyond so many lines a series is no picture. */
export const MOST_LINES = 200;

type Named = ReadonlyMap<string, ColumnInfo>;

function columnsOf(lens: Lens): Named {
  return new Map(lens.engine.frame.columns.map((info) => [info.name, info]));
}

/** The columns in the order in which a person looks at them: shown axes first. */
function inOrder(lens: Lens, columns: Named): ColumnInfo[] {
  const shown = lens.engine.frame.axes.filter((name) => columns.has(name));
  return [...new Set([...shown, ...columns.keys()])].map((name) => columns.get(name)!);
}

/** The column that says how far a training has come; else the first of numbers. */
function clockOf(lens: Lens, columns: Named): string {
  const known = CLOCKS.filter((name) => columns.get(name) && columns.get(name)!.kind !== "category");
  // Of two clocks the one that is an axis: where epochs count, the step is beside the point.
  const shown = known.find((name) => lens.engine.frame.axes.includes(name)) ?? known[0];
  return shown ?? inOrder(lens, columns).find((info) => info.kind !== "category")?.name ?? [...columns.keys()][0]!;
}

function numbersBut(lens: Lens, columns: Named, others: readonly string[]): string[] {
  const varies = ({ name }: ColumnInfo) => !(lens.summary(name).min === lens.summary(name).max);
  const found = inOrder(lens, columns).filter((info) => info.kind === "number" && !others.includes(info.name));
  return [...found.filter(varies), ...found.filter((info) => !varies(info))].map(({ name }) => name);
}

/** What the series show, as chosen or by what the frame holds. */
export function seriesColumns(lens: Lens, choice: SeriesChoice): { x: string; y: string[]; by: string } {
  const columns = columnsOf(lens);
  const x = choice.x !== null && columns.has(choice.x) ? choice.x : clockOf(lens, columns);
  let y = choice.y.filter((name) => columns.has(name));
  if (y.length === 0) {
    const numbers = numbersBut(lens, columns, [x, ...CLOCKS]);
    const goal = GOALS.find((name) => numbers.includes(name)) ?? numbers[0] ?? x;
    y = goal === "val_loss" && numbers.includes("loss") ? ["loss", "val_loss"] : [goal];
  }
  const parts = (name: string) => {
    const count = lens.categories(name)?.length ?? 0;
    return count > 1 && count <= MOST_LINES;
  };
  const fallback = columns.has("run") && parts("run") ? "run" : "";
  const by = choice.by === null ? fallback : columns.has(choice.by) ? choice.by : "";
  return { x, y, by };
}

/** What the scatter shows, as chosen or by what the frame holds. */
export function scatterColumns(lens: Lens, choice: ScatterChoice): { x: string; y: string } {
  const columns = columnsOf(lens);
  const numbers = numbersBut(lens, columns, CLOCKS);
  const all = [...numbers, ...columns.keys()];
  const x = choice.x !== null && columns.has(choice.x) ? choice.x : all[0]!;
  const y = choice.y !== null && columns.has(choice.y) ? choice.y : (all.find((name) => name !== x) ?? x);
  return { x, y };
}

/** What the heatmap shows, as chosen or by what the frame holds. */
export function heatmapColumns(lens: Lens, choice: HeatmapChoice): { x: string; y: string; value: string } {
  const columns = columnsOf(lens);
  const known = (name: string | null) => (name !== null && columns.has(name) ? name : null);
  const size = ({ name }: ColumnInfo) => lens.categories(name)?.length ?? 0;
  const categories = [...columns.values()].filter((info) => size(info) > 1).sort((a, b) => size(b) - size(a));
  const x = known(choice.x) ?? clockOf(lens, columns);
  const rows = known("layer") ?? categories[0]?.name ?? numbersBut(lens, columns, [x])[0] ?? x;
  const y = known(choice.y) ?? rows;
  const numbers = numbersBut(lens, columns, [x, y, "depth", "size", ...CLOCKS]);
  const goal = [...GOALS].reverse().find((name) => numbers.includes(name));
  return { x, y, value: known(choice.value) ?? goal ?? numbers[0] ?? x };
}

/** The column whose distribution is shown, as chosen or by what the frame holds. */
export function distributionColumn(lens: Lens, { column }: DistributionChoice): string {
  const columns = columnsOf(lens);
  if (column !== null && columns.has(column)) return column;
  return lens.color.value ?? numbersBut(lens, columns, CLOCKS)[0] ?? [...columns.keys()][0]!;
}
