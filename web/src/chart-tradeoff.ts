// The trade-off: every seed small, every arm's mean large with its interval, the front as a wide grey band, and the arms
// named beside their marks. Where models have drawn the front it is a line in its own band, whose points are the darker the
// surer they are.

import type { EChartsCoreOption } from "echarts/core";
import { at, drawn, type Axis, type Drawn, type Row, type Sheet, type Stop } from "./chart-figure";
import { place, type Box, type Placed } from "./chart-label";
import { armColour, armText, axis, base, ends, fade, fit, leftRoom, meanPoint, placer, plain, plot, polygon, seedPoint, spoken, textWidth, whisker, type Grid, type Place } from "./chart-theme";
import { fixed, say } from "./format";

export interface Drawing {
  option: EChartsCoreOption;
  stops: Stop[];
}

export function tradeoff(sheet: Sheet): Drawing {
  const { figure, theme } = sheet;
  const narrow = sheet.width < 560;
  const grid: Grid = { left: leftRoom(sheet), right: narrow ? 16 : 24, top: 30, bottom: 40 };
  const means = drawn(figure, "mean");
  const series: object[] = [];
  for (const s of drawn(figure, "front")) series.push(front(s, sheet));
  for (const s of drawn(figure, "band")) series.push(polygon(s.rows, fade(theme.colour("axis"), 0.28), 1));
  for (const s of drawn(figure, "line")) series.push(expected(s, sheet));
  for (const s of drawn(figure, "odds")) series.push(odds(s, sheet));
  for (const s of drawn(figure, "seed")) series.push(points(s, sheet, 3));
  for (const s of drawn(figure, "interval")) series.push(whisker(s.rows, armColour(figure.arms[s.arm ?? -1], theme)));
  const first = series.length;
  for (const s of means) series.push(points(s, sheet, 5));
  for (const s of drawn(figure, "pick")) series.push(pick(s, sheet));
  const places = placer(sheet, grid);
  const hint = corner(sheet, grid, places);
  if (means.length && means.length <= namedAtMost) series.push(names(sheet, grid, places, hint));
  const option = {
    ...base(sheet),
    grid: plot(grid),
    xAxis: axis("x", sheet, { grid: true }),
    yAxis: axis("y", sheet, { edge: true }),
    series,
    graphic: means.length && figure.x.good === "low" && figure.y.good === "low" ? [better(sheet, hint)] : [],
  };
  const stops = means.map((s, i) => ({ series: first + i, index: 0, text: () => spoken(meanText(s, sheet)) }));
  return { option, stops };
}

// More arms than these aren't named: names would cover what they name. Their tooltips have them.
const namedAtMost = 14;

// expected is the front as models see it.
function expected(s: Drawn, { theme }: Sheet): object {
  return { type: "line", silent: true, z: 2, data: s.rows, showSymbol: false, tooltip: { show: false }, lineStyle: { color: theme.colour("ink-2"), width: 1.6 } };
}

// odds are places of that front: the surer, the darker.
function odds(s: Drawn, sheet: Sheet): object {
  const { theme, figure, lang } = sheet;
  return {
    id: "odds",
    type: "scatter",
    z: 3,
    symbol: "circle",
    symbolSize: 6,
    data: s.rows.map((r) => ({ value: r.slice(0, 2), itemStyle: { opacity: 1, color: fade(theme.colour("ink"), 0.12 + 0.88 * at(r, 2)) } })),
    tooltip: {
      formatter: (p: { dataIndex: number }) => {
        const r = s.rows[p.dataIndex];
        return `${say(figure.y.name, lang)}  ${fixed(at(r, 1), 3)}\n${say(figure.x.name, lang)}  ${fixed(at(r, 0), 3)}\n${say(s.label, lang)}  ${fixed(at(r, 2), 2)}`;
      },
    },
  };
}

// pick is what is recommended.
export function pick(s: Drawn, { theme, lang, figure }: Sheet): object {
  const colour = theme.colour("arm-1");
  return {
    id: "pick",
    type: "scatter",
    z: 7,
    symbol: "diamond",
    symbolSize: 17,
    data: s.rows.map((r) => r.slice(0, 2)),
    itemStyle: { opacity: 1, color: colour, borderColor: theme.colour("page"), borderWidth: 1.5 },
    label: { show: true, position: "left", distance: 7, formatter: say(s.label, lang), color: colour, fontWeight: 700, fontSize: 12, textBorderColor: theme.colour("page"), textBorderWidth: 3 },
    tooltip: { formatter: () => [say(s.label, lang), ...(["y", "x"] as const).map((d, i) => `${say(figure[d].name, lang)}  ${fixed(at(s.rows[0], 1 - i), 3)}`)].join("\n") },
  };
}

// front is the band behind everything.
function front(s: Drawn, { theme }: Sheet): object {
  return {
    type: "line",
    silent: true,
    z: 1,
    data: s.rows,
    showSymbol: false,
    tooltip: { show: false },
    lineStyle: { color: theme.colour("line-2"), width: 5, cap: "round", join: "round" },
  };
}

// points are an arm's seeds, or its mean.
function points(s: Drawn, sheet: Sheet, z: number): object {
  const arm = sheet.figure.arms[s.arm ?? -1];
  if (!arm) return {};
  const seed = s.role === "seed";
  return {
    id: `${s.role} ${arm.name}`,
    type: "scatter",
    z,
    data: s.rows.map((r) => r.slice(0, 2)),
    ...(seed ? seedPoint(arm, sheet.theme) : meanPoint(arm, sheet.theme)),
    tooltip: { formatter: (p: { dataIndex: number }) => (seed ? seedText(s, s.rows[p.dataIndex], sheet) : meanText(s, sheet)) },
  };
}

const seedName = { ja: "シード", en: "seed" };

// both are what the axes measure, y first, without the unit that both have.
function both({ figure, lang }: Sheet): [string, string] {
  const short = (axis: Axis): string => say(axis.name, lang).replace(/ bits per byte$/, "");
  return [short(figure.y), short(figure.x)];
}

function seedText(s: Drawn, row: Row | undefined, sheet: Sheet): string {
  const { lang } = sheet;
  const [y, x] = both(sheet);
  return `${plain(say(s.label, lang))}  ${seedName[lang]} ${at(row, 2)}\n${y}  ${fixed(at(row, 1), 3)}\n${x}  ${fixed(at(row, 0), 3)}`;
}

function meanText(s: Drawn, sheet: Sheet): string {
  const { figure, lang } = sheet;
  const [y, x] = both(sheet);
  const row = s.rows[0];
  const interval = drawn(figure, "interval").find((i) => i.arm === s.arm)?.rows[0];
  const value = (v: number, low: number, high: number): string =>
    fixed(v, 3) + (Number.isFinite(low + high) ? ` (${fixed(low, 3)} – ${fixed(high, 3)})` : "");
  return [
    `${plain(say(s.label, lang))}  n = ${at(row, 2)}`,
    `${y}  ${value(at(row, 1), at(interval, 4), at(interval, 5))}`,
    `${x}  ${value(at(row, 0), at(interval, 2), at(interval, 3))}`,
  ].join("\n");
}

// names writes each arm beside its mean, where it covers least, with a line where that is far.
function names(sheet: Sheet, grid: Grid, places: Place, hint: Box): object {
  const { figure, theme, lang } = sheet;
  const size = sheet.width < 560 ? 11 : 12;
  const means = drawn(figure, "mean");
  const marks = means.map((s) => places(at(s.rows[0], 0), at(s.rows[0], 1)));
  const texts = means.map((s) => fit(say(s.label, lang), sheet.width * 0.42, size, theme, 600));
  const wanted = texts.map((text, i) => ({ x: marks[i]?.[0] ?? 0, y: marks[i]?.[1] ?? 0, w: textWidth(text, size, theme, 600), h: size + 4 }));
  const frame = { x: grid.left + 2, y: grid.top + 2, w: sheet.width - grid.left - grid.right - 4 + 12, h: sheet.height - grid.top - grid.bottom - 4 };
  const placed = place(wanted, [...obstacles(sheet, places), { x: hint.x - 8, y: hint.y - 4, w: hint.w + 16, h: hint.h + 8 }], frame);
  return {
    type: "custom",
    silent: true,
    clip: false,
    z: 6,
    tooltip: { show: false },
    data: marks.map((_, i) => [i, 0]),
    encode: { x: -1, y: -1 },
    renderItem: (params: { dataIndex: number }) => {
      const i = params.dataIndex;
      const at = placed[i];
      const mark = marks[i];
      if (!at || !mark) return;
      const colour = armColour(figure.arms[means[i]?.arm ?? -1], theme);
      const ink = armText(figure.arms[means[i]?.arm ?? -1], theme);
      return { type: "group", children: [...leader(at, mark, colour), name(texts[i] ?? "", at.box, ink, size, theme)] };
    },
  };
}

function name(text: string, box: Box, colour: string, size: number, theme: Sheet["theme"]): object {
  const style = { text, x: box.x, y: box.y + box.h / 2, fill: colour, font: `600 ${size}px ${theme.font}`, verticalAlign: "middle", stroke: theme.colour("page"), lineWidth: 3 };
  return { type: "text", style };
}

// leader joins a mark with a name that stands far from it.
function leader({ box, leader: needed }: Placed, [x, y]: [number, number], colour: string): object[] {
  if (!needed) return [];
  const x2 = Math.min(Math.max(x, box.x), box.x + box.w);
  const y2 = Math.min(Math.max(y, box.y), box.y + box.h);
  const length = Math.hypot(x2 - x, y2 - y) || 1;
  const from = 8 / length;
  return [{ type: "line", shape: { x1: x + (x2 - x) * from, y1: y + (y2 - y) * from, x2, y2 }, style: { stroke: colour, lineWidth: 1, opacity: 0.6 } }];
}

// obstacles are what a name must not cover: marks, whiskers and, less, the band.
function obstacles(sheet: Sheet, places: Place): Box[] {
  const boxes: Box[] = [];
  const around = (x: number, y: number, r: number): number => boxes.push({ x: x - r, y: y - r, w: 2 * r, h: 2 * r });
  for (const s of drawn(sheet.figure, "seed")) for (const r of s.rows) around(...places(at(r, 0), at(r, 1)), 4);
  for (const s of drawn(sheet.figure, "mean")) for (const r of s.rows) around(...places(at(r, 0), at(r, 1)), 8);
  for (const s of drawn(sheet.figure, "interval")) {
    for (const r of s.rows) {
      const [x, y] = places(at(r, 0), at(r, 1));
      const [left, low] = places(at(r, 2), at(r, 4));
      const [right, high] = places(at(r, 3), at(r, 5));
      if (Number.isFinite(left + right)) boxes.push({ x: left, y: y - 2, w: right - left, h: 4 });
      if (Number.isFinite(low + high)) boxes.push({ x: x - 2, y: high, w: 4, h: low - high });
    }
  }
  for (const s of drawn(sheet.figure, "front", "line")) boxes.push(...along(s.rows, places));
  for (const s of drawn(sheet.figure, "pick")) for (const r of s.rows) labelled(boxes, ...places(at(r, 0), at(r, 1)));
  return boxes;
}

// labelled is the recommended place with its word.
function labelled(boxes: Box[], x: number, y: number): void {
  boxes.push({ x: x - 100, y: y - 10, w: 112, h: 20 });
}

// along is a line as small boxes.
function along(rows: Row[], places: Place): Box[] {
  const boxes: Box[] = [];
  for (let i = 1; i < rows.length; i++) {
    const [x1, y1] = places(at(rows[i - 1], 0), at(rows[i - 1], 1));
    const [x2, y2] = places(at(rows[i], 0), at(rows[i], 1));
    const n = Math.max(1, Math.ceil(Math.hypot(x2 - x1, y2 - y1) / 6));
    for (let k = 0; k <= n; k++) boxes.push({ x: x1 + ((x2 - x1) * k) / n - 2, y: y1 + ((y2 - y1) * k) / n - 2, w: 4, h: 4 });
  }
  return boxes;
}

const betterText = { ja: "左下ほどよい", en: "lower left is better" };

// corner is where the word for the good direction stands: at the lower left, or above where data stand there.
function corner(sheet: Sheet, grid: Grid, places: Place): Box {
  const w = 30 + textWidth(betterText[sheet.lang], 12, sheet.theme);
  const box: Box = { x: grid.left + 12, y: sheet.height - grid.bottom - 36, w, h: 24 };
  const { min } = ends(sheet, "x");
  const data = obstacles(sheet, places).filter((o) => o.x >= places(min, 0)[0]);
  const free = (b: Box): boolean => !data.some((o) => o.x < b.x + b.w + 6 && o.x + o.w > b.x - 6 && o.y < b.y + b.h + 6 && o.y + o.h > b.y - 6);
  const others: Box[] = [
    { ...box, x: sheet.width - grid.right - w - 8, y: grid.top + 10 },
    { ...box, y: grid.top + 10 },
    { ...box, x: sheet.width - grid.right - w - 8 },
  ];
  return [box, ...others].find(free) ?? box;
}

// better is an arrow to the lower left, and a word.
function better({ theme, lang }: Sheet, box: Box): object {
  const stroke = theme.colour("ink-3");
  return {
    type: "group",
    silent: true,
    x: box.x,
    y: box.y,
    children: [
      { type: "line", z: 2, shape: { x1: 22, y1: 2, x2: 2, y2: 22 }, style: { stroke, lineWidth: 1.2 } },
      { type: "polyline", z: 2, shape: { points: [[2, 13], [2, 22], [11, 22]] }, style: { stroke, lineWidth: 1.2, fill: "none" } },
      { type: "text", z: 2, style: { text: betterText[lang], x: 28, y: 12, fill: stroke, font: `12px ${theme.font}`, verticalAlign: "middle", stroke: theme.colour("page"), lineWidth: 3 } },
    ],
  };
}
