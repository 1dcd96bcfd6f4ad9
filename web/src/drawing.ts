// What every drawing that a page has made itself is offered with: its points as a table and as CSV, itself as SVG and PNG.
// Points stand beside it as JSON, or come from whoever has drawn it.

import { svg } from "./element";
import type { Lang } from "./format";
import { raster, type Picture } from "./picture";
import { save } from "./save";
import { csv, tabulate, type Table } from "./table";

const lang: Lang = document.documentElement.lang === "en" ? "en" : "ja";
const sources = new WeakMap<HTMLElement, () => Table>();
const open = new Set<string>(); // ids of drawings whose table is open: it stays so when they are drawn anew

// drawings wakes the buttons of all drawings in root, also of those that come later; file names begin with name.
export function drawings(root: HTMLElement, name: () => string): void {
  root.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-draws]");
    const figure = button?.closest<HTMLElement>("[data-drawing]");
    if (!button || !figure) return;
    const file = `${name()}-${figure.id}`;
    if (button.dataset.draws === "table") toggle(figure);
    if (button.dataset.draws === "csv") save(new Blob([csv(points(figure))], { type: "text/csv" }), `${file}.csv`);
    if (button.dataset.draws === "svg") save(new Blob([picture(figure).text], { type: "image/svg+xml" }), `${file}.svg`);
    if (button.dataset.draws === "png") void raster(picture(figure)).then((image) => save(image, `${file}.png`));
  });
}

// pointed says where a drawing's points come from.
export function pointed(figure: HTMLElement, table: () => Table): void {
  sources.set(figure, table);
}

function points(figure: HTMLElement): Table {
  return sources.get(figure)?.() ?? (JSON.parse(figure.dataset.points ?? "null") as Table);
}

function toggle(figure: HTMLElement): void {
  if (!open.delete(figure.id)) open.add(figure.id);
  tables(figure);
}

// tables shows the points of those drawings in root whose table is open, and no others.
export function tables(root: ParentNode & Node): void {
  const all = root instanceof HTMLElement && root.matches("[data-drawing]") ? [root] : [...root.querySelectorAll<HTMLElement>("[data-drawing]")];
  for (const figure of all) {
    const [box, shown] = [figure.querySelector<HTMLElement>("[data-table]"), open.has(figure.id)];
    figure.querySelector("[data-draws=table]")?.setAttribute("aria-expanded", String(shown));
    if (!box || (box.hidden && !shown)) continue;
    box.hidden = !shown;
    box.replaceChildren(...(shown ? [tabulate(points(figure), lang)] : []));
  }
}

const head = 30; // for the title, in the drawing's units
const looks = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight", "text-anchor", "paint-order"];

// picture is a drawing that needs no page: with its colours written out, on the page's ground, under its title.
function picture(figure: HTMLElement): Picture {
  const drawn = figure.querySelector<SVGSVGElement>("svg:not(button svg)")!;
  const copy = drawn.cloneNode(true) as SVGSVGElement;
  const copies = [...copy.querySelectorAll<SVGElement>("*")];
  [...drawn.querySelectorAll<SVGElement>("*")].forEach((e, i) => {
    const style = getComputedStyle(e);
    for (const look of looks) copies[i]?.setAttribute(look, style.getPropertyValue(look));
  });
  for (const handle of copy.querySelectorAll(".h > :not(.beside)")) handle.remove(); // they are for hands
  const { x, y, width, height } = drawn.viewBox.baseVal;
  const page = getComputedStyle(document.body);
  const title = svg("text", { x: x + 8, y: y - 11, fill: page.color, "font-family": page.fontFamily, "font-size": 13, "font-weight": 700 }, figure.dataset.title ?? figure.querySelector("h3")?.textContent ?? drawn.getAttribute("aria-label") ?? "");
  copy.prepend(svg("rect", { x, y: y - head, width, height: height + head, fill: page.backgroundColor }), title);
  for (const name of ["class", "role", "data-area"]) copy.removeAttribute(name);
  for (const [name, value] of Object.entries({ xmlns: "http://www.w3.org/2000/svg", width, height: height + head, viewBox: `${x} ${y - head} ${width} ${height + head}` })) copy.setAttribute(name, String(value));
  return { text: new XMLSerializer().serializeToString(copy), width, height: height + head };
}
