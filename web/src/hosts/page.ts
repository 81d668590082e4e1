import "../ui/style.css";
import "./page.css";
import { openContainer } from "../engine/container";
import { hire } from "../engine/handle";
import { createRenderer } from "../render/create";
import { keepInAddress, stateGiven } from "../ui/link";
import { Session } from "../ui/session";
import { mount } from "../workbench";
import { work } from "./work";

/* This one script is the page and, started again as a worker, what works for it: a page opened from disk has no second file. */
if (typeof document !== "undefined") void start(document.currentScript?.textContent ?? "");
else work();

async function start(script: string): Promise<void> {
  const root = document.getElementById("undertow")!;
  let stopped = false;
  const fail = (error: Error) => {
    if (!stopped) showFailure(root, error);
    stopped = true;
  };
  try {
    const header = document.getElementById("undertow-header")!.textContent;
    const data = await openContainer(header, takeBlock, () => hire((name) => startWorker(script, name), fail), fail);
    const session = new Session(data, stateGiven());
    mount(
      root,
      session,
      createRenderer(() => startWorker(script, "raster"), new URLSearchParams(location.hash.slice(1)).get("renderer")),
    );
    keepInAddress(session);
  } catch (error) {
    stopped = true;
    document.querySelector(".ut-failure")?.remove();
    root.textContent = `Undertow could not open this page. ${error instanceof Error ? error.message : String(error)}`;
    throw error;
  }
}

/** Says that the page has stopped: what stands there is no longer true. */
function showFailure(root: HTMLElement, error: Error): void {
  const message = document.createElement("p");
  message.className = "ut-failure";
  message.setAttribute("role", "alert");
  message.textContent = `Undertow has stopped: ${error.message}. Open the page again; what it shows now may be incomplete.`;
  root.before(message);
}

/**
 * The text of a block, once the browser has read it: this script stands before the blocks. It is then taken out of the page,
 * since what is decoded need not lie there a second time.
 */
async function takeBlock(block: number): Promise<string> {
  const find = () => document.getElementById(`undertow-block-${block}`);
  // Whole once another element follows it.
  while (document.readyState === "loading" && !find()?.nextElementSibling)
    await new Promise((done) => setTimeout(done, 10));
  const element = find();
  if (!element) throw new Error("the file ends before its data do");
  const text = element.textContent.trim();
  // Emptied rather than removed, so that the one before it is still known to be whole. A small page is left whole, to be saved.
  if (text.length > 1 << 20) element.textContent = "";
  return text;
}

let url = "";

function startWorker(script: string, name: string): Worker | null {
  if (!script) return null;
  try {
    url ||= URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    return new Worker(url, { name });
  } catch {
    // Some hosts forbid workers; the picture is worth a wait.
    return null;
  }
}
