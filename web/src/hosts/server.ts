import "../ui/style.css";
import "./page.css";
import { Connection } from "../engine/served";
import { createRenderer } from "../render/create";
import { keepInAddress, stateGiven } from "../ui/link";
import { Live } from "../ui/live";
import { RunList } from "../ui/runs";
import { Session } from "../ui/session";
import { mount } from "../workbench";
import { work } from "./work";

/* This one script is the page and, started again as a worker, what works for it. */
if (typeof document !== "undefined") start(document.getElementById("undertow")!);
else work();

function start(root: HTMLElement): void {
  const script = (document.currentScript as HTMLScriptElement).src;
  const startWorker = (name: string) => new Worker(script, { name });
  const token = new URLSearchParams(location.search).get("token") ?? "";
  const list = new RunList();
  const title = document.title.replace(/ · Undertow$/, "");
  const session = new Session({ title, subtitle: "", theme: "auto", engines: [], findings: [] }, stateGiven());
  const renderer = new URLSearchParams(location.hash.slice(1)).get("renderer");
  mount(
    root,
    session,
    createRenderer(() => startWorker("raster"), renderer),
    list,
  );
  keepInAddress(session);
  new Live(new Connection(token), list, session, startWorker).start();
}
