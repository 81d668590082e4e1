import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { download, fileName } from "./export/download";
import { canBeSaved, pageWith } from "./export/page";
import { picturePng, pictureSvg } from "./export/picture";
import { csv, MOST_VALUES, parquet } from "./export/rows";
import { addressOf } from "./link";
import { Menu } from "./menu";
import { written } from "./saved";
import type { Session } from "./session";

/** Pixels of a picture for each of the screen's: sharp in print, too. */
const SHARP = 2;

/** What can be taken away from the page: a link, a picture, the selected rows, the page itself. */
export function ShareMenu({ session }: { readonly session: Session }): JSX.Element {
  const [told, setTold] = useState("");
  const lens = session.current.value;
  const { title } = session.document.value;
  /** Says how it went; a menu that closes without a word leaves it to guesses. */
  const attempt = async ({ label, run }: Choice, workbench: HTMLElement) => {
    setTold(`${label} …`);
    try {
      await run(workbench);
      setTold(`${label}: done`);
    } catch (error) {
      setTold(`${label} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const scene = () => {
    const found = lens?.picture.value;
    if (!found) throw new Error("nothing is drawn");
    return found;
  };
  const rows = (make: typeof csv) => async () => {
    if (!lens) throw new Error("nothing is shown");
    const cells = lens.count.value.rows * lens.columns.length;
    if (cells > MOST_VALUES) throw new Error("these are too many rows for a page; brush fewer, or read the run folder");
    return make(lens.engine, lens.columns, lens.filters.value);
  };
  const file = (label: string, ending: string, make: (workbench: HTMLElement) => Promise<Blob> | Blob): Choice => ({
    label,
    hint: fileName(title, ending),
    run: async (workbench) => download(await make(workbench), fileName(title, ending)),
  });
  const choices: readonly Choice[] = [
    { label: "Copy link", hint: "The page with its axes, brushes and views", run: () => copyLink(session) },
    file("Picture, PNG", "png", (workbench) => picturePng(workbench, scene(), SHARP)),
    file("Picture, SVG", "svg", (workbench) => new Blob([pictureSvg(workbench, scene())], { type: "image/svg+xml" })),
    file("Selected rows, CSV", "csv", rows(csv)),
    file("Selected rows, Parquet", "parquet", rows(parquet)),
    ...(canBeSaved() ? [file("This page as it stands, HTML", "html", () => pageWith(written(session)))] : []),
  ];
  return (
    <Menu class="ut-share ut-round" label="Share: link, picture, rows" face={<Arrow />}>
      {() => (
        <>
          {choices.map((choice) => (
            <button
              key={choice.label}
              type="button"
              class="ut-do"
              title={choice.hint}
              onClick={(event) => void attempt(choice, event.currentTarget.closest<HTMLElement>(".ut-workbench")!)}
            >
              {choice.label}
            </button>
          ))}
          <p class="ut-told" role="status">
            {told}
          </p>
        </>
      )}
    </Menu>
  );
}

interface Choice {
  readonly label: string;
  readonly hint: string;
  readonly run: (workbench: HTMLElement) => Promise<unknown>;
}

async function copyLink(session: Session): Promise<void> {
  const link = addressOf(written(session));
  try {
    await navigator.clipboard.writeText(link);
  } catch {
    // Pages opened from disk, and frames, may not write to the clipboard by themselves.
    const field = document.createElement("textarea");
    field.value = link;
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    if (!copied) throw new Error("the browser refuses it; the address bar has the same link");
  }
}

function Arrow(): JSX.Element {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
    >
      <path d="M8 10V2M4.8 4.8 8 1.8l3.2 3M3 8v5.2h10V8" />
    </svg>
  );
}
