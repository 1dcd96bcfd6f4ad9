// Planned against delivered: areas are what the schedule asks for, stacked by language, lines are what runs read.

import { at, drawn, type Drawn, type Row, type Sheet, type Stop } from "./chart-figure";
import { axis, base, colourOf, languages, leftRoom, plain, plot, polygon, spoken, tooltip, type Grid } from "./chart-theme";
import type { Drawing } from "./chart-tradeoff";
import { format, say } from "./format";

export function mixture(sheet: Sheet): Drawing {
  const { figure, theme } = sheet;
  const grid: Grid = { left: leftRoom(sheet), right: 16, top: 6, bottom: 22 };
  const series: object[] = drawn(figure, "planned").map((s) => polygon(s.rows, tint(s, sheet), 1));
  const lines = drawn(figure, "delivered");
  const first = series.length;
  const begin = (index: number): Row | undefined => lines[0]?.rows[index - (index % 2)]; // two rows a stretch
  for (const s of lines) series.push(line(s, sheet));
  for (const s of drawn(figure, "now")) series.push(now(s, theme.colour("ink")));
  const option = {
    ...base(sheet),
    grid: plot(grid),
    xAxis: axis("x", sheet, { name: false }),
    yAxis: axis("y", sheet, { name: false, grid: false }),
    series,
    tooltip: {
      ...tooltip(theme, "axis"),
      formatter: (p: { dataIndex: number }[]) => text(begin(p[0]?.dataIndex ?? 0), sheet),
    },
  };
  const stops: Stop[] = (lines[0]?.rows ?? []).map((r, index) => ({ series: first, index, text: () => spoken(text(r, sheet)) })).filter((s) => s.index % 2 === 0);
  return { option, stops };
}

function tint(s: Drawn, { theme }: Sheet): string {
  return theme.colour((s.lang && languages.includes(s.lang) ? s.lang : "other") + "-a");
}

function line(s: Drawn, sheet: Sheet): object {
  return {
    type: "line",
    z: 3,
    data: s.rows,
    showSymbol: false,
    lineStyle: { color: colourOf(s, sheet), width: 1.8, join: "round" },
    itemStyle: { color: colourOf(s, sheet) },
    emphasis: { disabled: true },
  };
}

function now(s: Drawn, colour: string): object {
  return {
    type: "line",
    silent: true,
    data: [],
    markLine: { silent: true, symbol: "none", lineStyle: { color: colour, width: 1.2, type: "solid" }, label: { show: false }, data: [{ xAxis: at(s.rows[0], 0) }] },
  };
}

// text tells each language's share at a place: as delivered, then as planned.
function text(row: Row | undefined, sheet: Sheet): string {
  const { figure, lang } = sheet;
  const x = at(row, 0);
  if (!Number.isFinite(x)) return "";
  const lines = [format("tokens", x, lang)];
  let below = 0;
  for (const s of drawn(figure, "planned")) {
    const top = at(drawn(figure, "delivered").find((d) => d.lang === s.lang)?.rows.find((r) => at(r, 0) === x), 1);
    const edge = Number.isFinite(top) ? top : 1; // the topmost language ends at the frame
    lines.push(`${plain(say(s.label, lang))}  ${format("percent1", edge - below, lang)} (${plan[lang]} ${format("percent1", planned(s.rows, x), lang)})`);
    below = edge;
  }
  return lines.join("\n");
}

const plan = { ja: "計画", en: "planned" };

// planned is the share of the stretch that holds at a place; where one ends and the next begins, the next one's.
function planned(rows: Row[], x: number): number {
  const row = rows.findLast((r) => at(r, 0) <= x) ?? rows[0];
  return at(row, 2) - at(row, 1);
}
