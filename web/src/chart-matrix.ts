// Tasks and held-out text across, arms down: a difference from the baseline a cell, violet where it is better, brown where it is
// worse, hatched where the interval holds 0; below them the baseline's own values and the noise over seeds.

import { at, drawn, type Drawn, type Head, type Row, type Sheet, type Stop } from "./chart-figure";
import { armColour, base, fade, fit, languages, plain, plot, spoken, symbolOf, textWidth } from "./chart-theme";
import type { Drawing } from "./chart-tradeoff";
import { fixed, say, signed, type Label } from "./format";

const tie = { ja: "区別できない", en: "can't tell" };
const top = 44; // for the names of columns

export function matrix(sheet: Sheet): Drawing {
  const { figure, theme, width, lang } = sheet;
  const rows = drawn(figure, "cell");
  const heads = figure.heads ?? [];
  const widest = Math.max(0, ...rows.map((s) => textWidth(say(s.label, lang), 12, theme)));
  const left = Math.ceil(Math.min(widest + 30, width * (width < 480 ? 0.42 : 0.3)));
  const room: Room = { left, wide: (width - left) / Math.max(1, heads.length), high: (sheet.height - top) / Math.max(1, rows.length) };
  const stops: Stop[] = rows.flatMap((s, series) => s.rows.map((row, index) => ({ series, index, text: () => spoken(tip(s, row, sheet)) })));
  const series: object[] = rows.map((s) => line(s, room, sheet));
  series.push(names(heads, rows, room, sheet), ...rows.flatMap((s, i) => mark(s, i, room, sheet)));
  const hidden = { type: "value", show: false };
  const option = {
    ...base(sheet),
    grid: plot({ left, right: 0, top, bottom: 0 }),
    xAxis: { ...hidden, min: -0.5, max: Math.max(1, heads.length) - 0.5 },
    yAxis: { ...hidden, min: -0.5, max: Math.max(1, rows.length) - 0.5, inverse: true },
    series,
  };
  return { option, stops };
}

// Room is where the cells are, in pixels.
interface Room {
  left: number;
  wide: number;
  high: number;
}

// line is a row's cells.
function line(s: Drawn, room: Room, sheet: Sheet): object {
  return {
    type: "custom",
    z: 2,
    data: s.rows.map((r) => r.slice(0, 2)),
    renderItem: (params: { dataIndex: number }) => ({ type: "group", children: cell(s.rows[params.dataIndex], room, sheet) }),
    tooltip: { formatter: (p: { dataIndex: number }) => tip(s, s.rows[p.dataIndex], sheet) },
  };
}

function cell(row: Row | undefined, { left, wide, high }: Room, sheet: Sheet): object[] {
  const { theme } = sheet;
  const shape = { x: left + at(row, 0) * wide + 1, y: top + at(row, 1) * high + 1, width: wide - 2, height: high - 2 };
  const kind = String(row?.[4]);
  const fills: Record<string, string> = { good: fade(theme.colour("arm-1"), 0.16), bad: fade(theme.colour("arm-2"), 0.2) };
  const out: object[] = [{ type: "rect", shape, style: { fill: fills[kind] ?? theme.colour("page") } }];
  if (kind === "tie") out.push(hatch(shape, theme.colour("line")));
  const [first, second] = words(row, sheet);
  const size = wide < 46 ? 9 : wide < 64 ? 10 : 12;
  const both = second !== "" && high >= 32 && textWidth(second, size - 1, theme) < wide - 6;
  const told = kind === "good" || kind === "bad";
  const write = (text: string, dy: number, size: number, ink: string, weight: number): void => {
    const style = { text, x: shape.x + shape.width - 5, y: shape.y + shape.height / 2 + dy, fill: theme.colour(ink), font: `${weight} ${size}px ${theme.font}`, align: "right", verticalAlign: "middle" };
    out.push({ type: "text", silent: true, style });
  };
  const short = textWidth(first, size, theme, told ? 700 : 400) > wide - 6 && kind === "tie" ? "≈" : first;
  write(short, both ? -7 : 0, size, told ? "ink" : kind === "level" || kind === "noise" ? "ink-3" : "ink-2", told ? 700 : 400);
  if (both) write(second, 8, size - 1, told ? "ink-2" : "ink-3", 400);
  return out;
}

// hatch is slanted lines over a cell.
function hatch(shape: { x: number; y: number; width: number; height: number }, stroke: string): object {
  const { x, y, width, height } = shape;
  const children = [];
  for (let d = 8; d < width + height; d += 8) {
    children.push({ type: "line", shape: { x1: x + d, y1: y, x2: x + d - height, y2: y + height }, style: { stroke, lineWidth: 1 } });
  }
  return { type: "group", silent: true, clipPath: { type: "rect", shape }, children };
}

// words are a cell's two lines, the second empty where there is none.
function words(row: Row | undefined, { figure, lang }: Sheet): [string, string] {
  const points = figure.heads?.[at(row, 0)]?.format === "percent1";
  const [value, half] = [at(row, 2), at(row, 3)];
  const write = (v: number, how: (v: number, decimals: number) => string): string => (Number.isFinite(v) ? (points ? how(100 * v, 1) : how(v, 3)) : "—");
  const kind = row?.[4];
  if (kind === "level" || kind === "noise") return [write(value, fixed), ""];
  const interval = `± ${write(half, fixed)}`;
  if (kind === "tie") return [tie[lang], `${write(value, signed)} ${interval}`];
  return [write(value, signed), kind === "none" ? "" : interval];
}

function tip(s: Drawn, row: Row | undefined, sheet: Sheet): string {
  const { figure, lang } = sheet;
  const head = figure.heads?.[at(row, 0)];
  return [plain(say(s.label, lang)), `${plain(say(head?.name, lang))}  ${plain(say(head?.sub, lang))}`, words(row, sheet).filter(Boolean).join("  ")].join("\n");
}

// names are those of columns above, and of rows at the left.
function names(heads: Head[], rows: Drawn[], { left, wide, high }: Room, sheet: Sheet): object {
  const { theme, lang, width } = sheet;
  const children: object[] = [];
  const write = (text: string, x: number, y: number, ink: string, size: number, align: string): void => {
    children.push({ type: "text", style: { text, x, y, fill: theme.colour(ink), font: `${size}px ${theme.font}`, align, verticalAlign: "middle" } });
  };
  const size = wide < 56 ? 10 : 12;
  heads.forEach((h, i) => {
    const x = left + (i + 1) * wide - 6;
    const part = (label: Label, size: number): string => fit(say(label, lang), wide - 8, size, theme);
    write(part(h.name, size), x, 13, languages.includes(h.lang) ? h.lang + "-t" : "ink-2", size, "right");
    write(part(h.sub, size - 1), x, 29, "ink-3", size - 1, "right");
  });
  rows.forEach((s, i) => {
    const y = top + i * high;
    children.push({ type: "line", shape: { x1: 0, y1: y, x2: width, y2: y }, style: { stroke: theme.colour("line"), lineWidth: 1 } });
    const level = s.rows.every((r) => r[4] === "level" || r[4] === "noise");
    write(fit(say(s.label, lang), left - 26, 12, theme), 20, y + high / 2, level ? "ink-3" : "ink", 12, "left");
  });
  return { type: "custom", silent: true, z: 3, tooltip: { show: false }, data: [[0, 0]], clip: false, renderItem: () => ({ type: "group", children }) };
}

// mark is a row's mark at the left: its arm's, or that of what is recommended.
function mark(s: Drawn, i: number, { left, wide }: Room, { figure, theme, lang }: Sheet): object[] {
  const arm = figure.arms[s.arm ?? -1];
  const place = { type: "scatter", silent: true, z: 4, clip: false, data: [[-0.5 - (left - 8) / wide, i]], tooltip: { show: false } };
  if (!arm) return i === 0 && say(s.label, lang) ? [{ ...place, symbol: "diamond", symbolSize: 14, itemStyle: { opacity: 1, color: theme.colour("arm-1") } }] : [];
  const colour = armColour(arm, theme);
  const style = arm.mark.hollow ? { color: theme.colour("page"), borderColor: colour, borderWidth: 2 } : { color: colour };
  return [{ ...place, ...symbolOf(arm.mark), itemStyle: { opacity: 1, ...style } }];
}
