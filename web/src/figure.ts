// Puts charts into the page's figures and gives them their tools: the points as a table, SVG and PNG. What a chart looks
// like is chart.ts's; the address of its data stands in data-figure.

import { draw as drawChart, type Chart, type Figure } from "./chart";
import { format, say, type Format, type Lang } from "./format";

const lang: Lang = document.documentElement.lang === "en" ? "en" : "ja";

interface Drawn {
  chart: Chart;
  figure: Figure;
  tag: string;
}

const drawn = new WeakMap<HTMLElement, Drawn>();

// draw draws every figure that isn't drawn yet, and draws those anew whose data changed.
export function draw(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>("figure[data-figure]")) void show(element);
}

async function show(element: HTMLElement): Promise<void> {
  const box = element.querySelector<HTMLElement>(".ch");
  if (!box) return;
  const known = drawn.get(element);
  // The browser's cache keeps the body and asks by entity tag: unchanged data cost one short answer.
  const answer = await fetch(element.dataset.figure ?? "", { cache: "no-cache", headers: { Accept: "application/json" } });
  if (!answer.ok) return; // the last good points stay
  const tag = answer.headers.get("ETag") ?? "";
  if (known && tag === known.tag) return;
  const figure = (await answer.json()) as Figure;
  if (known) {
    known.chart.update(figure);
    Object.assign(known, { figure, tag });
  } else {
    box.replaceChildren();
    drawn.set(element, { chart: drawChart(box, figure, lang), figure, tag });
    tools(element);
  }
  const caption = element.querySelector("[data-caption]");
  if (caption) caption.textContent = say(figure.caption, lang);
  const table = element.querySelector<HTMLElement>("[data-table]");
  if (table && !table.hidden) table.replaceChildren(tabulate(figure));
}

// tools wakes the buttons that need the chart.
function tools(element: HTMLElement): void {
  for (const button of element.querySelectorAll<HTMLButtonElement>("button[data-do]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const it = drawn.get(element);
      if (!it) return;
      if (button.dataset.do === "table") toggle(element, button, it.figure);
      if (button.dataset.do === "svg") save(new Blob([it.chart.svg()], { type: "image/svg+xml" }), element.id + ".svg");
      if (button.dataset.do === "png") void bytes(it.chart.png()).then((image) => save(image, element.id + ".png"));
    });
  }
}

function toggle(element: HTMLElement, button: HTMLElement, figure: Figure): void {
  const table = element.querySelector<HTMLElement>("[data-table]");
  if (!table) return;
  table.hidden = !table.hidden;
  button.setAttribute("aria-expanded", String(!table.hidden));
  table.replaceChildren(...(table.hidden ? [] : [tabulate(figure)]));
}

// tabulate makes the figure's points a table.
function tabulate({ table, arms }: Figure): HTMLTableElement {
  const out = document.createElement("table");
  out.className = "tight";
  const head = out.createTHead().insertRow();
  for (const column of table.columns) {
    const cell = document.createElement("th");
    cell.textContent = say(column.name, lang) || column.key;
    if (numeric(column.format)) cell.className = "num";
    head.append(cell);
  }
  const body = out.createTBody();
  for (const row of table.rows) {
    const line = body.insertRow();
    row.forEach((value, i) => {
      const cell = line.insertCell();
      const { format: kind = "text", words } = table.columns[i] ?? {};
      const arm = kind === "arm" ? arms.find((a) => a.name === value) : undefined;
      cell.textContent = say(arm?.label ?? words?.[String(value)], lang) || format(kind, value, lang);
      if (numeric(kind)) cell.className = "num";
    });
  }
  return out;
}

const numeric = (kind: Format): boolean => kind !== "text" && kind !== "arm";

// bytes decodes a data URL; fetching it would need a wider content policy.
async function bytes(source: string | Promise<string>): Promise<Blob> {
  const [head = "", body = ""] = (await source).split(",");
  const type = /^data:([^;]+)/.exec(head)?.[1] ?? "image/png";
  return new Blob([Uint8Array.from(atob(body), (c) => c.charCodeAt(0))], { type });
}

function save(data: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
