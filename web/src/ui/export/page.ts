import { stateInPage } from "../link";
import type { Saved } from "../saved";

/** What must not stand in a script element as it is: what could end it, and what older parsers stumble over. */
const ESCAPES: Readonly<Record<string, string>> = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026" };

/** Whether this page still holds all that it was opened from: large blocks are let go of once they are decoded. */
export function canBeSaved(): boolean {
  const blocks = [...document.querySelectorAll("[id^=undertow-block-]")];
  return blocks.length > 0 && blocks.every((block) => block.textContent.trim() !== "");
}

/** This page as a file that opens as it now stands. */
export function pageWith(saved: Saved): Blob {
  const copy = document.documentElement.cloneNode(true) as HTMLElement;
  copy.querySelector("#undertow")!.replaceChildren();
  // The front end, which the loader puts there anew.
  for (const script of copy.querySelectorAll("head script")) script.remove();
  const state = JSON.stringify(saved).replace(/[<>&]/g, (letter) => ESCAPES[letter]!);
  let element = copy.querySelector(`#${stateInPage}`);
  if (!element) {
    element = document.createElement("script");
    element.id = stateInPage;
    element.setAttribute("type", "application/json");
    copy.querySelector("#undertow")!.after(element);
  }
  element.textContent = state;
  return new Blob(["<!doctype html>\n", copy.outerHTML], { type: "text/html" });
}
