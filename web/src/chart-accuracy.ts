// A task's accuracy: an arm a row, every seed small, the mean large with its interval, chance as an upright line.

import { at, drawn, type Drawn, type Sheet } from "./chart-figure";
import { armColour, axis, base, ends, fit, meanPoint, plain, seedPoint, spoken, textWidth, whisker, type Grid } from "./chart-theme";
import type { Drawing } from "./chart-tradeoff";
import { format, say } from "./format";

export function accuracy(sheet: Sheet): Drawing {
  const { figure, theme } = sheet;
  const widest = Math.max(0, ...figure.arms.map((_, i) => textWidth(name(sheet, i), 12, theme)));
  const grid: Grid = { left: Math.ceil(widest) + 14, right: 22, top: 24, bottom: 40 };
  const means = drawn(figure, "mean");
  const series: object[] = drawn(figure, "chance").map((s) => chance(s, sheet));
  for (const s of drawn(figure, "seed")) series.push(points(s, sheet, 3));
  for (const s of drawn(figure, "interval")) series.push(whisker(s.rows, armColour(figure.arms[s.arm ?? -1], theme)));
  const first = series.length;
  for (const s of means) series.push(points(s, sheet, 5));
  const option = {
    ...base(sheet),
    grid,
    xAxis: axis("x", sheet, { grid: true }),
    yAxis: rows(sheet),
    series,
  };
  const stops = means.map((s, i) => ({ series: first + i, index: 0, text: () => spoken(text(s, 0, sheet)) }));
  return { option, stops };
}

function name({ figure, lang, theme, width }: Sheet, i: number): string {
  return fit(say(figure.arms[i]?.label, lang), width * 0.34, 12, theme);
}

// rows is the axis of arms, the first at the top.
function rows(sheet: Sheet): object {
  const { min, max } = ends(sheet, "y");
  return {
    type: "value",
    inverse: true,
    min,
    max,
    interval: 0.5, // the figure's ends are halves, its arms integers
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { show: false },
    axisLabel: { color: sheet.theme.colour("ink-2"), fontSize: 12, margin: 8, formatter: (v: number) => (Number.isInteger(v) ? name(sheet, v) : "") },
  };
}

function chance(s: Drawn, { theme, lang }: Sheet): object {
  const label = { show: true, position: "start", formatter: say(s.label, lang), color: theme.colour("ink-3"), fontSize: 11 };
  return {
    type: "line",
    silent: true,
    data: [],
    markLine: { silent: true, symbol: "none", lineStyle: { color: theme.colour("axis"), width: 1, type: "solid" }, label, data: [{ xAxis: at(s.rows[0], 0) }] },
  };
}

function points(s: Drawn, sheet: Sheet, z: number): object {
  const arm = sheet.figure.arms[s.arm ?? -1];
  if (!arm) return {};
  return {
    type: "scatter",
    z,
    data: s.rows.map((r) => r.slice(0, 2)),
    ...(s.role === "seed" ? seedPoint(arm, sheet.theme) : meanPoint(arm, sheet.theme)),
    tooltip: { formatter: (p: { dataIndex: number }) => text(s, p.dataIndex, sheet) },
  };
}

const seed = { ja: "シード", en: "seed" };

function text(s: Drawn, index: number, { figure, lang }: Sheet): string {
  const row = s.rows[index];
  const percent = (v: number): string => format("percent1", v, lang);
  const interval = drawn(figure, "interval").find((i) => i.arm === s.arm)?.rows[0];
  const what = s.role === "seed" ? `${seed[lang]} ${at(row, 2)}` : `n = ${at(row, 2)}`;
  const range = s.role === "mean" && interval ? ` (${percent(at(interval, 2))} – ${percent(at(interval, 3))})` : "";
  return `${plain(say(s.label, lang))}  ${what}\n${percent(at(row, 0))}${range}`;
}
