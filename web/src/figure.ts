// Puts charts into the page's figures and gives them their tools: the points as a table, SVG and PNG, the way back from a
// part to the whole. What a chart looks like is chart.ts's; the address of its data stands in data-figure. One marked
// data-zoom fetches what a reader zooms into anew, as fine as the server has it.

import { draw as drawChart, picture, type Chart, type Figure, type Frame } from "./chart";
import { say, type Lang } from "./format";
import { get } from "./get";
import { raster } from "./picture";
import { save } from "./save";
import { tabulate } from "./table";

const later = 5000; // a figure that can't be had is asked for again, in milliseconds

const lang: Lang = document.documentElement.lang === "en" ? "en" : "ja";

interface Drawn {
  chart: Chart;
  figure: Figure;
  tag: string;
  frame?: Frame;
}

const drawn = new WeakMap<HTMLElement, Drawn>();

// draw draws every figure that isn't drawn yet, and draws those anew whose data changed.
export async function draw(root: ParentNode): Promise<void> {
  for (const tools of root.querySelectorAll<HTMLElement>("[data-picture]")) pictured(tools);
  await Promise.all([...root.querySelectorAll<HTMLElement>("figure[data-figure]")].map(show));
}

// pictured wakes the buttons of what the page shows as a table: it is drawn when somebody asks for its picture.
function pictured(tools: HTMLElement): void {
  for (const button of tools.querySelectorAll<HTMLButtonElement>("button[data-do][hidden]")) {
    button.hidden = false;
    button.addEventListener("click", () => void file(tools, button));
  }
}

async function file({ dataset }: HTMLElement, button: HTMLButtonElement): Promise<void> {
  const { ok, text } = await get(dataset.picture ?? "", "application/json", "no-cache");
  if (!ok) return;
  const figure = JSON.parse(text) as Figure;
  const drawn = picture(figure, lang, 200 + 110 * (figure.heads?.length ?? 0), 60 + 40 * figure.series.length, heading());
  save(button.dataset.do === "svg" ? new Blob([drawn.text], { type: "image/svg+xml" }) : await raster(drawn), `${dataset.file}.${button.dataset.do}`);
}

// show keeps the last good points while there are no newer ones to be had, and offers to try again where there are none.
async function show(element: HTMLElement): Promise<void> {
  const box = element.querySelector<HTMLElement>(".ch");
  if (!box) return;
  try {
    await load(element, box);
  } catch {
    if (!drawn.has(element)) offer(box, () => void show(element));
    else setTimeout(() => element.isConnected && void show(element), later);
  }
}

function offer(box: HTMLElement, again: () => void): void {
  const note = document.createElement("p");
  note.className = "missing";
  const button = document.createElement("button");
  button.className = "btn s";
  button.textContent = { ja: "もう一度読む", en: "Try again" }[lang];
  button.addEventListener("click", again);
  note.append({ ja: "図を読み込めませんでした。", en: "The chart couldn't be loaded." }[lang], button);
  box.replaceChildren(note);
}

async function load(element: HTMLElement, box: HTMLElement): Promise<void> {
  const source = within(element.dataset.figure ?? "", drawn.get(element)?.frame);
  // The browser's cache keeps the body and asks by entity tag: unchanged data cost one short answer.
  const { ok, tag, text } = await get(source, "application/json", "no-cache");
  if (!ok) throw new Error(source);
  if (tag === drawn.get(element)?.tag) return;
  const figure = JSON.parse(text) as Figure;
  const known = drawn.get(element); // meanwhile it may have been drawn, or asked for another part
  if (source !== within(element.dataset.figure ?? "", known?.frame)) return;
  if (known) {
    known.chart.update(figure);
    Object.assign(known, { figure, tag });
  } else {
    box.replaceChildren();
    const zooms = { frame: () => frameOf(element), go: (frame?: Frame) => zoom(element, frame) };
    drawn.set(element, { chart: drawChart(box, figure, lang, element.dataset.zoom === undefined ? undefined : zooms), figure, tag });
    tools(element);
  }
  const caption = element.querySelector("[data-caption]");
  if (caption) caption.textContent = say(figure.caption, lang);
  const table = element.querySelector<HTMLElement>("[data-table]");
  if (table && !table.hidden) table.replaceChildren(tabulate(figure.table, lang, figure.arms));
}

// within is an address with the frame that is asked for.
function within(address: string, frame: Frame | undefined): string {
  if (!frame) return address;
  const url = new URL(address, location.href);
  url.searchParams.set("from", String(frame.from));
  url.searchParams.set("to", String(frame.to));
  return url.pathname + url.search;
}

// frameOf is the part of a figure that was asked for last, by its reader or its page.
function frameOf(element: HTMLElement): Frame | undefined {
  const q = new URL(element.dataset.figure ?? "", location.href).searchParams;
  const [from, to] = [Number(q.get("from")), Number(q.get("to"))];
  return drawn.get(element)?.frame ?? (to > from ? { from, to } : undefined);
}

// zoom shows a part of a figure, unless its page does that.
function zoom(element: HTMLElement, frame: Frame | undefined): void {
  const it = drawn.get(element);
  if (!it || !element.dispatchEvent(new CustomEvent("zoom", { detail: frame, bubbles: true, cancelable: true }))) return;
  it.frame = frame;
  const csv = element.querySelector<HTMLAnchorElement>("a[download]");
  if (csv) {
    csv.dataset.whole ??= csv.getAttribute("href") ?? "";
    csv.href = within(csv.dataset.whole, frame);
  }
  const back = element.querySelector<HTMLButtonElement>("[data-do=whole]");
  if (back) back.hidden = !frame;
  void show(element);
}

// tools wakes the buttons that need the chart.
function tools(element: HTMLElement): void {
  for (const button of element.querySelectorAll<HTMLButtonElement>("button[data-do]")) {
    if (button.dataset.do !== "whole") button.hidden = false;
    button.addEventListener("click", () => {
      const it = drawn.get(element);
      if (!it) return;
      if (button.dataset.do === "whole") zoom(element, undefined);
      if (button.dataset.do === "table") toggle(element, button, it.figure);
      const name = element.dataset.file ?? [location.pathname.split("/")[2], element.id].filter(Boolean).join("-"); // the sweep or the run comes first
      if (button.dataset.do === "svg") save(new Blob([it.chart.picture(heading()).text], { type: "image/svg+xml" }), name + ".svg");
      if (button.dataset.do === "png") void raster(it.chart.picture(heading())).then((image) => save(image, name + ".png"));
    });
  }
}

// heading is what the page is about; in its address stand the sweep or the run.
function heading(): string {
  const head = document.querySelector("h1")?.textContent?.trim() ?? "";
  const name = location.pathname.startsWith("/s/") ? "" : (location.pathname.split("/")[2] ?? "");
  return head.includes(name) ? head : `${head} (${name})`;
}

function toggle(element: HTMLElement, button: HTMLElement, figure: Figure): void {
  const table = element.querySelector<HTMLElement>("[data-table]");
  if (!table) return;
  table.hidden = !table.hidden;
  button.setAttribute("aria-expanded", String(!table.hidden));
  table.replaceChildren(...(table.hidden ? [] : [tabulate(figure.table, lang, figure.arms)]));
}
