import { signal } from "@preact/signals";
import type { FrameInfo } from "../../engine/engine";
import { EXACT_ROWS } from "../lens";

/** The views beside the parallel plot, in the order in which they stand. */
export const VIEWS = ["table", "series", "scatter", "heatmap", "distribution", "ranking", "findings"] as const;
export type ViewName = (typeof VIEWS)[number];
/** What can have the whole page. */
export type Part = ViewName | "plot";

export const TITLES: Readonly<Record<ViewName, string>> = {
  table: "Table",
  series: "Series",
  scatter: "Scatter",
  heatmap: "Heatmap",
  distribution: "Distribution",
  ranking: "Ranking",
  findings: "Findings",
};

/** A stretch of values of two columns; null shows the whole of a column. */
export interface Zoom {
  readonly x: readonly [number, number] | null;
  readonly y: readonly [number, number] | null;
}

/** A column to sort by. */
export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** What a view shows; a column that is null, or that the frame has no more, is chosen by what the frame holds. */
export interface SeriesChoice {
  readonly x: string | null;
  readonly y: readonly string[];
  /** The empty text draws all rows as one line. */
  readonly by: string | null;
  /** Null draws the values as the plot's axis of the first column does. */
  readonly log: boolean | null;
  /** How much of the last smoothed value the next one keeps: 0 for none, below 1. */
  readonly smoothing: number;
}

export interface ScatterChoice {
  readonly x: string | null;
  readonly y: string | null;
  /** What a drag does; with Shift it does the other. */
  readonly drag: "zoom" | "brush";
  readonly zoom: Zoom;
}

export interface HeatmapChoice {
  readonly x: string | null;
  readonly y: string | null;
  readonly value: string | null;
}

export interface DistributionChoice {
  readonly column: string | null;
  /** Bars say how many rows, or which share of all and of the selected ones. */
  readonly measure: "count" | "share";
}

export interface TableChoice {
  readonly sort: readonly Sort[];
  /** Columns in the order a hand gave them; empty while none did. */
  readonly order: readonly string[];
  readonly pinned: readonly string[];
}

/** What a person has made of the views beside one lens' plot: plain values, that can be written down. */
export class Views {
  readonly open = signal<readonly ViewName[]>(["table"]);
  /** The views' share of the page's height; null leaves it to what is open. */
  readonly height = signal<number | null>(null);
  /** How wide the views are, compared with one another; 1 for those that nobody resized. */
  readonly widths = signal<Readonly<Partial<Record<ViewName, number>>>>({});
  /** What has the whole page now. */
  readonly full = signal<Part | null>(null);
  readonly series = signal<SeriesChoice>({ x: null, y: [], by: null, log: null, smoothing: 0 });
  readonly scatter = signal<ScatterChoice>({ x: null, y: null, drag: "zoom", zoom: { x: null, y: null } });
  readonly heatmap = signal<HeatmapChoice>({ x: null, y: null, value: null });
  readonly distribution = signal<DistributionChoice>({ column: null, measure: "count" });
  /** The column to be explained; null leaves it to what colours the lines. */
  readonly ranking = signal<string | null>(null);
  readonly table = signal<TableChoice>({ sort: [], order: [], pinned: [] });

  constructor({ lens, rows, beside = {} }: Pick<FrameInfo, "lens" | "rows" | "beside">) {
    if (beside.scatter) this.scatter.value = { ...this.scatter.value, ...beside.scatter };
    if (beside.distribution !== undefined)
      this.distribution.value = { ...this.distribution.value, column: beside.distribution };
    this.table.value = { ...this.table.value, sort: beside.sort ?? [], order: beside.order ?? [] };
    if (beside.open) {
      this.open.value = VIEWS.filter((name) => beside.open!.includes(name));
      return;
    }
    // Of a crowd nothing is counted at first but what the plot needs.
    if (rows > EXACT_ROWS || rows === 0) return;
    if (lens === "steps") this.open.value = ["table", "series"];
    if (lens === "layers") this.open.value = ["table", "heatmap"];
  }

  /** Opens a view, or closes it. */
  toggle(name: ViewName): void {
    const open = this.open.value;
    this.open.value = VIEWS.filter((each) => (each === name) !== open.includes(each));
    if (this.full.value === name) this.full.value = null;
  }

  /** Gives the whole page to a part, or takes it back. */
  toggleFull(part: Part): void {
    this.full.value = this.full.value === part ? null : part;
  }
}
