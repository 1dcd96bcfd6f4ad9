// A task's accuracy: an arm a row, every seed small, the mean large with its interval, chance as an upright line, and in
// words whether the arm can be told from it. Devices are drawn in the same way: a device a row, every run, and the median.

import { at, drawn, type Drawn, type Sheet } from "./chart-figure";
import { armColour, axis, base, ends, fit, meanPoint, placer, plain, plot, seedPoint, spoken, textWidth, whisker, type Grid } from "./chart-theme";
import type { Drawing } from "./chart-tradeoff";
import { format, say } from "./format";

export function accuracy(sheet: Sheet): Drawing {
  const { figure, theme } = sheet;
  const widest = Math.max(0, ...figure.arms.map((_, i) => textWidth(name(sheet, i), 12, theme)));
  const means = drawn(figure, "mean");
  const noted = Math.max(0, ...means.flatMap((s) => lines(s, sheet).map((line) => textWidth(line, 11, theme))));
  const grid: Grid = { left: Math.ceil(widest) + 14, right: Math.ceil(noted) + 22, top: 24, bottom: 40 };
  const series: object[] = drawn(figure, "chance").map((s) => chance(s, sheet));
  for (const s of drawn(figure, "seed")) series.push(points(s, sheet, 3));
  for (const s of drawn(figure, "interval")) series.push(whisker(s.rows, armColour(figure.arms[s.arm ?? -1], theme)));
  const first = series.length;
  for (const s of means) series.push(points(s, sheet, 5));
  if (means.length) series.push(notes(means, sheet, grid));
  const option = {
    ...base(sheet),
    grid: plot(grid),
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

// lines are what is said of an arm: one line where there is room, else as the figure breaks it.
function lines(s: Drawn, { lang, width }: Sheet): string[] {
  const note = say(s.note, lang);
  return width < 480 ? note.split("\n") : [note.replace("\n", lang === "ja" ? "" : " ")];
}

// notes says right of the plot of each arm whether it can be told from chance.
function notes(means: Drawn[], sheet: Sheet, grid: Grid): object {
  const { theme } = sheet;
  const places = placer(sheet, grid);
  return {
    type: "custom",
    silent: true,
    clip: false,
    tooltip: { show: false },
    data: means.map((_, i) => [i, 0]),
    encode: { x: -1, y: -1 },
    renderItem: (params: { dataIndex: number }) => {
      const s = means[params.dataIndex];
      if (!s) return;
      const { min, max } = ends(sheet, "y");
      const y = places(0, min + max - at(s.rows[0], 1))[1]; // the axis runs down
      const style = { text: lines(s, sheet).join("\n"), x: sheet.width - grid.right + 12, y, fill: theme.colour("ink-2"), font: `11px ${theme.font}`, lineHeight: 13, verticalAlign: "middle" };
      return { type: "text", style };
    },
  };
}

const seed = { ja: "シード", en: "seed" };

function text(s: Drawn, index: number, { figure, lang }: Sheet): string {
  const row = s.rows[index];
  const kind = figure.x.format === "percent" ? "percent1" : "integer";
  const exact = (v: number): string => format(kind, v, lang);
  const interval = drawn(figure, "interval").find((i) => i.arm === s.arm)?.rows[0];
  const what = s.role === "seed" ? s.run || `${seed[lang]} ${at(row, 2)}` : `n = ${at(row, 2)}`;
  const range = s.role === "mean" && interval ? ` (${exact(at(interval, 2))} – ${exact(at(interval, 3))})` : "";
  const note = s.role === "mean" ? "\n" + say(s.note, lang).replace("\n", lang === "ja" ? "" : " ") : "";
  return `${plain(say(s.label, lang))}  ${what}\n${exact(at(row, 0))}${range}${note}`;
}
