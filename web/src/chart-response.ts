// What metrics do as one source's share changes: curves with their bands, the law under each as dashes, what was measured as
// open marks on them, a grey ground where nothing was tried, and an upright line at what is recommended, in the band where the
// best may lie.

import { curve } from "./chart-curve";
import { at, drawn, type Drawn, type Sheet } from "./chart-figure";
import { colourOf, ends, plain, textWidth } from "./chart-theme";
import type { Drawing } from "./chart-tradeoff";
import { fixed, format, say } from "./format";

export function response(sheet: Sheet): Drawing {
  const { option, stops } = curve(sheet);
  const series = option.series as object[];
  for (const s of drawn(sheet.figure, "law")) series.push(law(s, sheet));
  for (const s of drawn(sheet.figure, "adjusted")) series.push(adjusted(s, sheet));
  for (const s of drawn(sheet.figure, "beyond")) series.push(beyond(s, sheet));
  for (const s of drawn(sheet.figure, "optimum")) series.push(optimum(s, sheet));
  for (const s of drawn(sheet.figure, "pick")) series.push(recommended(s, sheet));
  return { option, stops };
}

function law(s: Drawn, sheet: Sheet): object {
  return { type: "line", silent: true, z: 2, symbol: "none", data: s.rows, lineStyle: { color: colourOf(s, sheet), width: 1.2, type: [5, 4] }, tooltip: { show: false } };
}

const shapes: Record<string, string> = { en: "rect", code: "triangle" };

function adjusted(s: Drawn, sheet: Sheet): object {
  const { theme, lang } = sheet;
  return {
    id: `adjusted ${s.lang ?? say(s.label, "en")}`,
    type: "scatter",
    z: 5,
    symbol: shapes[s.lang ?? ""] ?? "circle",
    symbolSize: 7.5,
    data: s.rows,
    itemStyle: { opacity: 1, color: theme.colour("page"), borderColor: colourOf(s, sheet), borderWidth: 1.6 },
    tooltip: { trigger: "item", formatter: (p: { dataIndex: number }) => `${plain(say(s.label, lang))}  ${fixed(at(s.rows[p.dataIndex], 1), 3)}\n${format("percent1", at(s.rows[p.dataIndex], 0), lang)}` },
  };
}

// beyond is the ground where the curves lean on nothing but the models' form. It is named where there is room; the caption
// names it, too.
function beyond(s: Drawn, sheet: Sheet): object {
  const { theme, lang } = sheet;
  const label = { show: true, position: "insideBottom", color: theme.colour("ink-3"), fontSize: 11, formatter: say(s.label, lang) };
  const { min, max } = ends(sheet, "x");
  const least = (textWidth(say(s.label, lang), 11, theme) / Math.max(1, sheet.width - 100)) * (max - min);
  const widest = s.rows.reduce((best, r, i) => (at(r, 1) - at(r, 0) > at(s.rows[best], 1) - at(s.rows[best], 0) ? i : best), 0);
  const areas = s.rows.map((r, i) => [{ xAxis: at(r, 0), label: { show: i === widest && at(r, 1) - at(r, 0) > least } }, { xAxis: at(r, 1) }]);
  return { type: "line", silent: true, z: 0, data: [], markArea: { silent: true, itemStyle: { color: theme.colour("sunken") }, label, data: areas } };
}

// optimum is the ground where the best share may lie.
function optimum(s: Drawn, { theme }: Sheet): object {
  const areas = s.rows.map((r) => [{ xAxis: at(r, 0) }, { xAxis: at(r, 1) }]);
  return { type: "line", silent: true, z: 0, data: [], markArea: { silent: true, itemStyle: { color: theme.colour("arm-1"), opacity: 0.1 }, label: { show: false }, data: areas } };
}

function recommended(s: Drawn, sheet: Sheet): object {
  const { theme, lang } = sheet;
  const colour = theme.colour("arm-1");
  const { min, max } = ends(sheet, "x");
  const align = at(s.rows[0], 0) < min + 0.4 * (max - min) ? "left" : "right";
  const label = { show: true, position: "insideEndBottom", rotate: 0, align, distance: 6, formatter: say(s.label, lang), color: colour, fontWeight: 700, fontSize: 12, textBorderColor: theme.colour("page"), textBorderWidth: 3 };
  const line = { silent: true, symbol: "none", lineStyle: { color: colour, width: 1.5, type: "solid" }, label, data: [{ xAxis: at(s.rows[0], 0) }] };
  return { type: "line", silent: true, z: 4, data: [], markLine: line };
}
