// What every page loads: live updates, questions before dangerous forms, dialogs, copy buttons. Charts and the editor
// are loaded only where a page has them.
import { arrived } from "./editor-draft";
import { expect } from "./get";
import { languages } from "./language";
import { follow } from "./live";
import { ask, copies, dialogs, once, scrollers } from "./page";
import { presses } from "./press";

const patience = 5000; // with figures that don't come, in milliseconds

ask();
once();
copies();
dialogs();
scrollers();
presses();
arrived();
languages();
void enhance();

// enhance loads what this page needs beyond the frame.
async function enhance(): Promise<void> {
  const wanted = [...document.querySelectorAll<HTMLElement>("figure[data-figure]")];
  for (const figure of wanted) expect(figure.dataset.figure ?? "", "application/json", "no-cache");
  const figures = wanted.length ? await import("./figure") : undefined;
  const drawn = figures?.draw(document);
  if (document.querySelector("form[data-editor]")) (await import("./editor")).edit();
  if (document.querySelector("form[data-find]")) (await import("./compare")).compare();
  void sketches();
  document.documentElement.dataset.ready = "";
  await Promise.race([drawn, new Promise((go) => setTimeout(go, patience))]); // what they are drawn from was asked for a moment ago
  follow(() => {
    void sketches();
    if (figures) void figures.draw(document);
    else if (document.querySelector("figure[data-figure]")) void import("./figure").then((f) => f.draw(document));
  });
}

let awake = false;

// sketches wakes the buttons of what the server has drawn; the editor wakes its own.
async function sketches(): Promise<void> {
  if (document.querySelector("form[data-editor]") || !document.querySelector("[data-drawing]")) return;
  const { drawings, tables } = await import("./drawing");
  if (!awake) drawings(document.body, () => location.pathname.split("/").pop() ?? "");
  awake = true;
  tables(document.body);
}
