// Names of lines: right of their last points, pushed apart, or in a column right of the plot.

import { at, drawn, type Drawn, type Sheet } from "./chart-figure";
import { spread, type Box } from "./chart-label";
import { colourOf, ends, fit, leftRoom, placer, textOf, textWidth, type Grid, type Place } from "./chart-theme";
import { format, say } from "./format";
import { shapes } from "./mark";

// On phones that many arms have room for their names.
const armsOnPhones = 3;
export const phone = 400;

// Past so many lines names have marks, and lines past the first are thin.
export const thickAtMost = 6;
const namesGap = 15;

// unnamed are the arms past the first few on phones: colour, dash and mark tell which of the tables' they are.
export function unnamed(s: Drawn, sheet: Sheet): boolean {
  return sheet.width < phone && s.arm !== undefined && drawn(sheet.figure, "line").findIndex((l) => l.arm === s.arm) >= armsOnPhones;
}

// room leaves what the names right of the lines need.
export function room(sheet: Sheet, lines: Drawn[], column: boolean): Grid {
  const right = Math.max(14, lastTick(sheet), ...naming(lines, sheet).map((s) => nameRoom(s, sheet, column)));
  return { ...sides(sheet), right };
}

// sides are the plot's other three.
function sides(sheet: Sheet): Omit<Grid, "right"> {
  const named = Boolean(say(sheet.figure.y.name, sheet.lang));
  return { left: leftRoom(sheet), top: named || drawn(sheet.figure, "start").length || drawn(sheet.figure, "change").length ? 26 : 12, bottom: say(sheet.figure.x.name, sheet.lang) ? 40 : 26 };
}

// crossed reports whether the name of a line that ends early would lie over another line. Then all names stand in a column right
// of the plot, behind their marks.
export function crossed(lines: Drawn[], sheet: Sheet): boolean {
  const grid = { ...sides(sheet), right: 14 };
  const places = placer(sheet, grid);
  const pixels = lines.map((s) => s.rows.map((r) => places(at(r, 0), at(r, 1))));
  return naming(lines, sheet).some((s) => {
    const [x, y] = places(...tip(s, sheet));
    const box = { x: x + 8, y: y - namesGap / 2, w: Math.min(textWidth(short(s, sheet), 12, sheet.theme) + 4, sheet.width - 14 - x - 8), h: namesGap };
    return box.w > 0 && pixels.some((line, i) => lines[i]?.rows !== s.rows && through(line, box));
  });
}

// through reports whether a line of pixels runs through a box.
function through(line: [number, number][], box: Box): boolean {
  return line.some(([x2, y2], i) => {
    const [x1, y1] = line[i - 1] ?? [x2, y2];
    const [from, to] = [Math.max(x1, box.x), Math.min(x2, box.x + box.w)];
    if (from > to) return false;
    const height = (x: number): number => (x2 > x1 ? y1 + ((y2 - y1) * (x - x1)) / (x2 - x1) : y2);
    const [a, b] = [height(from), height(to)];
    return Math.max(a, b) > box.y && Math.min(a, b) < box.y + box.h;
  });
}

// lastTick is half of the rightmost label below the plot, which may reach past its end.
function lastTick(sheet: Sheet): number {
  const { max } = ends(sheet, "x");
  return Math.ceil(textWidth(format(sheet.figure.x.format, max, sheet.lang), 11, sheet.theme) / 2) + 2;
}

function nameRoom(s: Drawn, sheet: Sheet, column: boolean): number {
  const text = short(s, sheet);
  if (!s.rows.length || !text) return 0;
  const whole = Math.ceil(textWidth(text, 12, sheet.theme)) + 14 + keyRoom(sheet, column);
  if (column) return whole;
  const { min, max } = ends(sheet, "x");
  const past = ((max - tip(s, sheet)[0]) / (max - min)) * (sheet.width - 60); // a line that ends early has room inside
  return Math.max(0, whole - past);
}

// keyRoom is what the marks before names take: names of many lines stand apart from the tips that they belong to.
const keyRoom = (sheet: Sheet, column: boolean): number => (column || (sheet.width >= phone && drawn(sheet.figure, "line").length > thickAtMost) ? 13 : 0);

// short is a name as far as there is room for one.
function short(s: Drawn, sheet: Sheet): string {
  return fit(say(s.label, sheet.lang), sheet.width < phone ? 96 : Math.min(150, sheet.width * 0.34), 12, sheet.theme);
}

// ending names the lines right of their last points, or in a column right of the plot, pushed apart.
export function ending(lines: Drawn[], sheet: Sheet, grid: Grid, places: Place, column: boolean): object {
  const wanted = naming(lines, sheet);
  const end = (s: Drawn): [number, number] => places(...tip(s, sheet));
  const named = roomy(wanted, (s) => end(s)[1], sheet.height - grid.top - grid.bottom - 12);
  const ends = named.map(end);
  const heights = spread(ends.map(([, y]) => y), namesGap, grid.top + 6, sheet.height - grid.bottom - 6);
  return {
    type: "custom",
    silent: true,
    clip: false,
    z: 6,
    tooltip: { show: false },
    data: named.map((_, i) => [i, 0]),
    encode: { x: -1, y: -1 },
    renderItem: (params: { dataIndex: number }) => {
      const i = params.dataIndex;
      const s = named[i];
      if (!s) return;
      const [x, y] = [(column ? sheet.width - grid.right : (ends[i]?.[0] ?? 0)) + 10, heights[i] ?? 0];
      const style = { text: short(s, sheet), x: x + keyRoom(sheet, column), y, fill: textOf(s, sheet), font: `12px ${sheet.theme.font}`, verticalAlign: "middle", stroke: sheet.theme.colour("page"), lineWidth: 3 };
      const arm = keyRoom(sheet, column) && s.arm !== undefined ? sheet.figure.arms[s.arm] : undefined;
      if (!arm) return { type: "text", style };
      const paints = { fill: arm.mark.hollow ? sheet.theme.colour("page") : colourOf(s, sheet), stroke: colourOf(s, sheet), lineWidth: arm.mark.hollow ? 1.2 : 0 };
      const key = { type: "path", shape: { pathData: shapes[arm.mark.shape], x, y: y - 4.5, width: 9, height: 9, layout: "center" }, style: paints };
      return { type: "group", children: [key, { type: "text", style }] };
    },
  };
}

// naming are the lines that bear a name.
const naming = (lines: Drawn[], sheet: Sheet): Drawn[] => lines.filter((s) => s.rows.length && say(s.label, sheet.lang) && !unnamed(s, sheet));

// tip is where a line ends in the frame.
export function tip(s: Drawn, sheet: Sheet): [number, number] {
  const { max } = ends(sheet, "x");
  const next = s.rows.findIndex((r) => at(r, 0) > max);
  const [x2, y2] = [at(s.rows.at(next), 0), at(s.rows.at(next), 1)];
  if (next < 1) return [x2, y2];
  const [x1, y1] = [at(s.rows[next - 1], 0), at(s.rows[next - 1], 1)];
  return [max, y1 + ((y2 - y1) * (max - x1)) / (x2 - x1)];
}

// roomy are the lines whose names fit beside each other: all, or the lowest, the highest, the first, and the others as long
// as no name has to move.
export function roomy(lines: Drawn[], height: (s: Drawn) => number, room: number): Drawn[] {
  if ((lines.length - 1) * namesGap <= room) return lines;
  const sorted = [...lines].sort((a, b) => height(a) - height(b));
  const chosen: Drawn[] = [];
  for (const s of [sorted[0], sorted.at(-1), ...lines]) {
    if (s && !chosen.some((c) => Math.abs(height(c) - height(s)) < namesGap)) chosen.push(s);
  }
  return lines.filter((s) => chosen.includes(s));
}
