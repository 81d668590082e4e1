/** How a person wants the lines to look. Opacity and width are factors: 1 is what suits their number. */
export interface LineStyle {
  readonly opacity: number;
  readonly width: number;
  readonly curved: boolean;
  /** Whether lines that are not selected stay as a grey context. */
  readonly context: boolean;
}

/** How lines look until someone says otherwise. */
export const PLAIN_LINES: LineStyle = { opacity: 1, width: 1, curved: false, context: true };
