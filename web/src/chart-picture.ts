// A chart as it is saved: under its title and what it is of, with the names of its colours and marks, and its caption below.

import { colourOf, textWidth } from "./chart-theme";
import { drawn, type Drawn, type Role, type Sheet } from "./chart-figure";
import { svg } from "./element";
import { say } from "./format";
import { shapes } from "./mark";
import type { Picture } from "./picture";

const edge = 16;
const line = 18;

// Past so many names, the rest are counted.
const keysAtMost = 24;

// smallest is what a picture has at least: on pages charts may be much smaller than a report wants them.
const smallest = { width: 560, height: 280 };

// roomy is a sheet that is large enough for a picture. ECharts writes the font into attributes as it stands.
export function roomy(sheet: Sheet): Sheet {
  const theme = { ...sheet.theme, font: sheet.theme.font.replaceAll('"', "'") };
  return { ...sheet, theme, width: Math.max(sheet.width, smallest.width), height: Math.max(sheet.height, smallest.height) };
}

// framed puts a chart, as the SVG that was drawn of its sheet, between what is said of it; of is the page's heading.
export function framed(chart: string, sheet: Sheet, of: string): Picture {
  const { figure, theme, lang } = sheet;
  const width = sheet.width + 2 * edge;
  const page = svg("g", { "font-family": theme.font });
  let y = edge;
  const write = (text: string, size: number, colour: string, weight = 400): void => {
    for (const part of wrapped(text, sheet.width, size, sheet, weight)) {
      page.append(svg("text", { x: edge, y: (y += Math.round(size * 1.5)) - 4, fill: theme.colour(colour), "font-size": size, "font-weight": weight }, part));
    }
  };
  write(say(figure.title, lang), 14, "ink", 700);
  write([of, say(figure.subtitle, lang)].filter(Boolean).join(" · "), 12, "ink-2");
  y = legend(page, sheet, y + 6);
  const top = y + 8;
  y = top + sheet.height;
  write(say(figure.caption, lang), 11, "ink-3");
  const height = y + edge;
  const root = svg("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}` }, svg("rect", { width, height, fill: theme.colour("page") }), page);
  const inner = chart.replace("<svg ", `<svg x="${edge}" y="${top}" `);
  return { text: new XMLSerializer().serializeToString(root).replace(/<\/svg>$/, () => inner + "</svg>"), width, height };
}

// legend names the arms' marks, or the languages' colours, in rows, and says where it ends.
function legend(page: SVGElement, sheet: Sheet, y: number): number {
  const { theme, lang } = sheet;
  const keys = keyed(sheet);
  let x = edge;
  const put = (text: string, mark: SVGElement | undefined): void => {
    const room = 16 + textWidth(text, 12, theme) + 14;
    if (x > edge && x + room > edge + sheet.width) [x, y] = [edge, y + line];
    mark?.setAttribute("transform", `translate(${x} ${y})`);
    page.append(...(mark ? [mark] : []), svg("text", { x: x + 16, y: y + 10, fill: theme.colour("ink"), "font-size": 12 }, text));
    x += room;
  };
  for (const s of keys.slice(0, keysAtMost)) put(nameOf(s, sheet), markOf(s, sheet));
  if (keys.length > keysAtMost) put({ ja: `ほか ${keys.length - keysAtMost}`, en: `${keys.length - keysAtMost} more` }[lang], undefined);
  return keys.length ? y + line : y;
}

const marked: Role[] = ["line", "baseline", "mean", "seed", "planned", "interval", "superseded", "nonfinite"];

// keyed are the series that tell whose colours are whose, one each.
function keyed(sheet: Sheet): Drawn[] {
  const seen = new Set<string>();
  return drawn(sheet.figure, ...marked).filter((s) => {
    const key = s.arm === undefined ? (s.lang ?? "") : String(s.arm);
    if (!key || !nameOf(s, sheet) || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const nameOf = (s: Drawn, { figure, lang }: Sheet): string => say(s.arm === undefined ? s.label : figure.arms[s.arm]?.label, lang);

// markOf is what stands before a name, on a grid of 12.
function markOf(s: Drawn, sheet: Sheet): SVGElement {
  const colour = colourOf(s, sheet);
  const arm = s.arm === undefined ? undefined : sheet.figure.arms[s.arm];
  if (!arm) return svg("rect", { x: 1, y: 1, width: 10, height: 10, rx: 2, fill: colour });
  return svg("path", { d: shapes[arm.mark.shape], fill: arm.mark.hollow ? sheet.theme.colour("page") : colour, stroke: colour, "stroke-width": arm.mark.hollow ? 1.4 : 0 });
}

// wrapped is a text in lines that fit: broken behind spaces, or anywhere between Japanese characters.
function wrapped(text: string, width: number, size: number, { theme }: Sheet, weight: number): string[] {
  const lines: string[] = [];
  for (const part of text.split(/(?<= )|(?<=[\u3000-\u9fff])(?![、。）」])/)) {
    const last = lines.at(-1);
    if (part && last !== undefined && textWidth(last + part, size, theme, weight) <= width) lines[lines.length - 1] = last + part;
    else if (part) lines.push(part);
  }
  return lines;
}
