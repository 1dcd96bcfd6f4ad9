// Curves: per arm or metric a band from minimum to maximum, the mean line on it, its name right of the last point. What
// doesn't count is grey, what isn't finite is a cross on the upper edge.

import { at, drawn, type Drawn, type Row, type Sheet, type Stop } from "./chart-figure";
import { crossed, ending, phone, room, thickAtMost, tip, unnamed } from "./chart-name";
import { axis, base, colourOf, cross, dashes, ends, fade, fit, placer, plain, plot, polygon, spoken, symbolOf, textWidth, tooltip, type Place } from "./chart-theme";
import type { Drawing } from "./chart-tradeoff";
import { fixed, format, say, signed, type Lang } from "./format";

// Few points are drawn as points: each was measured, the line between them wasn't.
const pointsAtMost = 24;

// Past so many lines, those of all but the first arms are thin, and the tooltip names the ends only.
const linesAtMost = 12;

// So many bands lie over each other at their full strength.
const bandsAtMost = 6;

// The size of a spike needs that much room before the next one.
const spikeRoom = 48;

// Names above the plot that would lie over each other stand in rows, so far apart.
const headGap = 14;

// The number of an entry of the ledger needs that much.
const entryRoom = 24;

export function curve(sheet: Sheet): Drawing {
  const { figure } = sheet;
  const lines = drawn(figure, "line");
  const zero = drawn(figure, "baseline");
  const column = crossed([...lines, ...zero], sheet);
  const grid = room(sheet, [...lines, ...zero], column);
  const places = placer(sheet, grid);
  const heads = above(sheet, places);
  grid.top += headGap * Math.max(0, ...heads.map((h) => h.row)); // which moves nothing sideways
  const series: object[] = [];
  const bands = drawn(figure, "band");
  const alpha = 0.22 * Math.min(1, Math.max(0.25, bandsAtMost / bands.length)); // many would cover each other
  for (const s of bands) series.push(polygon(s.rows, fade(colourOf(s, sheet), alpha), 2));
  const tails = drawn(figure, "superseded");
  for (const s of tails) series.push(old(s, sheet, s === tails.at(-1)));
  const first = series.length;
  for (const s of lines) series.push(line(s, sheet));
  for (const s of drawn(figure, "spike")) series.push(spikes(s, sheet, places));
  drawn(figure, "nonfinite").forEach((s, i) => series.push(crosses(s, i, sheet, places)));
  for (const h of heads) series.push(start(h, sheet));
  const numbers = numbered(sheet, places);
  for (const s of drawn(figure, "ledger")) series.push(entries(s, sheet, numbers));
  for (const s of zero) series.push({ ...line(s, sheet), silent: true, showSymbol: false, z: 2, tooltip: { show: false } });
  if (lines.length) series.push(tips(lines, sheet));
  if (lines.length) series.push(ending([...lines, ...zero], sheet, grid, places, column));
  const option = {
    ...base(sheet),
    grid: plot(grid),
    xAxis: axis("x", sheet),
    yAxis: axis("y", sheet),
    series,
    tooltip: { ...tooltip(sheet.theme, "axis"), formatter: (p: unknown) => read(p, lines, first, sheet) },
  };
  return { option, stops: stops(lines, first, sheet) };
}

function line(s: Drawn, sheet: Sheet): object {
  const arm = s.arm === undefined ? undefined : sheet.figure.arms[s.arm];
  const colour = colourOf(s, sheet);
  const few = s.rows.length <= pointsAtMost;
  const single = !arm && !s.lang;
  return {
    type: "line",
    z: unnamed(s, sheet) ? 2 : 3,
    data: s.rows.map((r) => r.slice(0, 2)),
    ...(arm ? symbolOf(arm.mark, 0.5) : { symbol: "circle", symbolSize: 5 }),
    showSymbol: few,
    lineStyle: { color: colour, width: thin(s, sheet) ? 1 : arm?.mark.hollow || single ? 1.5 : 2, type: arm ? dashes[arm.mark.dash] : "solid", join: "round" },
    itemStyle: { opacity: 1, color: arm?.mark.hollow ? sheet.theme.colour("page") : colour, borderColor: colour, borderWidth: arm?.mark.hollow ? 1.5 : 0 },
    emphasis: { disabled: true },
  };
}

// thin lines are many.
function thin(s: Drawn, sheet: Sheet): boolean {
  return s.arm !== undefined && s.arm >= thickAtMost && drawn(sheet.figure, "line").length > linesAtMost;
}

// tips are the arms' marks at the ends of their lines, as in tables: dashes alone would tell few apart.
function tips(lines: Drawn[], sheet: Sheet): object {
  const page = sheet.theme.colour("page");
  const marks = lines.flatMap((s) => {
    const arm = s.arm === undefined ? undefined : sheet.figure.arms[s.arm];
    if (!arm || !s.rows.length) return [];
    const [x, y] = tip(s, sheet);
    const colour = colourOf(s, sheet);
    return [{ value: [x, y], ...symbolOf(arm.mark, 0.7), itemStyle: { opacity: 1, color: arm.mark.hollow ? page : colour, borderColor: arm.mark.hollow ? colour : page, borderWidth: arm.mark.hollow ? 1.5 : 0.5 } }];
  });
  return { type: "scatter", silent: true, z: 5, clip: false, symbolKeepAspect: true, tooltip: { show: false }, data: marks };
}

// spikes are open circles at their tops with their sizes; one that leaves the frame stands on its edge.
function spikes(s: Drawn, sheet: Sheet, places: Place): object {
  const { max } = ends(sheet, "y");
  const left = s.rows.map((r) => places(at(r, 0), max)[0]);
  const side = (i: number): string => ((left[i + 1] ?? Infinity) - (left[i] ?? 0) < spikeRoom ? "left" : "right");
  const colour = colourOf(s, sheet);
  return {
    type: "scatter",
    silent: true,
    z: 6,
    clip: false,
    tooltip: { show: false },
    symbol: "circle",
    symbolSize: 6,
    data: s.rows.map((r, i) => ({ value: [at(r, 0), Math.min(at(r, 1), max)], label: { formatter: signed(at(r, 2), 2), position: side(i) } })),
    itemStyle: { opacity: 1, color: sheet.theme.colour("page"), borderColor: colour, borderWidth: 1.6 },
    label: { show: !unnamed(s, sheet), color: colour, fontSize: 11, distance: 6 },
  };
}

const superseded: Record<Lang, string> = { ja: "置き換え済み", en: "superseded" };

// old is a segment that a later one replaced: grey, ended by an open circle. The last one is named for all: each of them
// looks like no other thing.
function old(s: Drawn, { theme, width, lang }: Sheet, named: boolean): object {
  const last = s.rows.length - 1;
  return {
    type: "line",
    silent: true,
    z: 4,
    tooltip: { show: false },
    data: s.rows.map((r, i) => ({ value: r.slice(0, 2), symbol: i === last ? "circle" : "none" })),
    symbolSize: 6,
    lineStyle: { color: theme.colour("axis"), width: 2 },
    itemStyle: { opacity: 1, color: theme.colour("page"), borderColor: theme.colour("axis"), borderWidth: 1.6 },
    endLabel: { show: named && width >= phone, formatter: superseded[lang], color: theme.colour("ink-3"), fontSize: 11, offset: [-4, -16], textBorderColor: theme.colour("page"), textBorderWidth: 3 },
  };
}

// crosses stand on the upper edge at their tokens, in the danger colour, each run's a little lower than the one before and
// below what else stands on the edge; the first of a run says whose it is.
function crosses(s: Drawn, i: number, sheet: Sheet, places: Place): object {
  const { max } = ends(sheet, "y");
  const colour = sheet.theme.colour("bad");
  const taken = drawn(sheet.figure, "spike").some((q) => q.rows.some((r) => at(r, 1) >= max)) ? 1 : 0;
  const side = places(at(s.rows[0], 0), max)[0] > sheet.width / 2 ? "left" : "right";
  return {
    type: "scatter",
    silent: true,
    z: 6,
    clip: false,
    tooltip: { show: false },
    symbol: cross,
    symbolSize: 9,
    symbolOffset: [0, 6 + 14 * (i + taken)],
    data: s.rows.map((r, k) => ({ value: [at(r, 0), max], label: { show: k === 0 } })),
    itemStyle: { opacity: 1, color: colour },
    label: { formatter: say(s.label, sheet.lang), color: colour, fontSize: 11, position: side, distance: 5 },
  };
}

// Head is a line across the plot with a name above it, in a row counted from the plot upwards.
interface Head {
  x: number;
  name: string;
  align: "left" | "center" | "right";
  row: number;
  tone: "ink-3" | "bad";
}

// above are the lines at steps up to which the past is another run's, from where on a run does otherwise, or where it was
// stopped, each in the lowest
// row where its name has room.
function above(sheet: Sheet, places: Place): Head[] {
  const { theme, lang, width, figure } = sheet;
  const { min, max } = ends(sheet, "x");
  const axis = say(figure.y.name, lang); // stands on the left, across the two lowest rows
  const free: number[] = axis ? new Array<number>(2).fill(places(min, 0)[0] + textWidth(axis, 12, theme) + 12) : [];
  return [...drawn(figure, "start"), ...drawn(figure, "change")].sort((a, b) => at(a.rows[0], 0) - at(b.rows[0], 0)).map((s) => {
    const x = at(s.rows[0], 0);
    const name = fit(say(s.label, lang), width * 0.4, 11, theme);
    const room = textWidth(name, 11, theme);
    const left = places(x, 0)[0];
    const align = x < (min + max) / 2 ? "left" : left + room / 2 > width ? "right" : "center";
    const begin = align === "left" ? left : align === "right" ? left - room : left - room / 2;
    const found = free.findIndex((end) => begin > end);
    const row = found < 0 ? free.length : found;
    free[row] = begin + room + 8;
    return { x, name, align, row, tone: diverged(s, sheet) ? "bad" : "ink-3" };
  });
}

// start is a head's line.
function start(h: Head, { theme }: Sheet): object {
  const label = { show: true, position: "end", align: h.align, distance: 4 + headGap * h.row, formatter: h.name, color: theme.colour(h.tone), fontSize: 11 };
  return {
    type: "line",
    silent: true,
    z: 2,
    data: [],
    markLine: { silent: true, symbol: "none", lineStyle: { color: theme.colour(h.tone === "bad" ? "bad" : "axis"), width: 1, type: [4, 3] }, label, data: [{ xAxis: h.x }] },
  };
}

// numbered are the entries of a run's ledger whose numbers have room beside each other, divergence before others.
function numbered(sheet: Sheet, places: Place): Set<number> {
  const all = drawn(sheet.figure, "ledger").flatMap((s) => s.rows.map((r) => ({ bad: diverged(s, sheet), left: places(at(r, 0), 0)[0], number: at(r, 1) })));
  let free = -Infinity;
  const shown = new Set<number>();
  for (const e of all.sort((a, b) => a.left - b.left || Number(b.bad) - Number(a.bad))) {
    if (e.left < free) continue;
    free = e.left + entryRoom;
    shown.add(e.number);
  }
  return shown;
}

const diverged = (s: Drawn, sheet: Sheet): boolean => Boolean(s.note && say(s.note, sheet.lang));

// entries are ticks on the lower edge at the steps of a run's ledger, with their numbers there as far as there is room;
// divergence in the danger colour.
function entries(s: Drawn, sheet: Sheet, numbers: Set<number>): object {
  const { min } = ends(sheet, "y");
  const colour = sheet.theme.colour(diverged(s, sheet) ? "bad" : "ink-2");
  const data = s.rows.map((r) => ({ value: [at(r, 0), min], label: { show: numbers.has(at(r, 1)), formatter: `#${fixed(at(r, 1), 0)}` } }));
  return {
    type: "scatter",
    silent: true,
    z: 6,
    clip: false,
    tooltip: { show: false },
    symbol: "rect",
    symbolSize: [2, 9],
    symbolOffset: [0, -5],
    data,
    itemStyle: { opacity: 1, color: colour },
    label: { color: colour, fontSize: 11, position: "top", distance: 3 },
  };
}

// read is the tooltip of all lines that have a point where the pointer is.
function read(params: unknown, lines: Drawn[], first: number, sheet: Sheet): string {
  const hits = (Array.isArray(params) ? params : [params]) as { seriesIndex: number; dataIndex: number }[];
  const rows = hits.flatMap((h) => {
    const s = lines[h.seriesIndex - first];
    const row = s?.rows[h.dataIndex];
    return s && row ? [{ s, row }] : [];
  });
  const x = at(rows[0]?.row, 0);
  return Number.isFinite(x) ? describe(x, rows, sheet) : "";
}

// describe is a place and the lines there from the top down; where fewer runs got there than elsewhere, it says so.
function describe(x: number, rows: { s: Drawn; row: Row }[], sheet: Sheet): string {
  const { figure, lang } = sheet;
  const most = Math.max(...rows.map(({ row }) => at(row, 2)));
  const runs = rows.some(({ s }) => s.arm !== undefined) ? `  n = ${fixed(most, 0)}` : "";
  const where = `${format(figure.x.format, x, lang)} ${say(figure.x.name, lang)}${runs}`;
  const sorted = [...rows].sort((a, b) => at(b.row, 1) - at(a.row, 1));
  const told = sorted.map(({ s, row }) => value(x, s, row, most, sheet));
  if (told.length > linesAtMost) told.splice(linesAtMost / 2, told.length - linesAtMost, "…");
  return [where, ...told].join("\n");
}

// value is one line's point: its name, its mean, and the band there.
function value(x: number, s: Drawn, row: Row, most: number, { figure, lang }: Sheet): string {
  const kind = figure.y.format === "fixed2" ? "fixed3" : figure.y.format;
  const band = drawn(figure, "band").find((b) => b.arm === s.arm && b.lang === s.lang)?.rows.find((r) => at(r, 0) === x);
  const range = band && at(band, 1) < at(band, 2) ? ` (${format(kind, at(band, 1), lang)} – ${format(kind, at(band, 2), lang)})` : "";
  const runs = s.arm !== undefined && at(row, 2) < most ? `  n = ${fixed(at(row, 2), 0)}` : "";
  const name = plain(say(s.label, lang));
  return `${name}${name && "  "}${format(kind, at(row, 1), lang)}${range}${runs}`;
}

// stops are the places of the longest line; each tells of every line that is there.
function stops(lines: Drawn[], first: number, sheet: Sheet): Stop[] {
  const longest = lines.reduce((best, s, i) => (s.rows.length > (lines[best]?.rows.length ?? 0) ? i : best), 0);
  const text = (x: number): string => spoken(describe(x, lines.flatMap((s) => s.rows.filter((row) => at(row, 0) === x).map((row) => ({ s, row }))), sheet));
  const { min, max } = ends(sheet, "x");
  return (lines[longest]?.rows ?? []).flatMap((r, index) => (at(r, 0) < min || at(r, 0) > max ? [] : [{ series: first + longest, index, text: () => text(at(r, 0)) }]));
}
