// The looks that all charts share: the page's colours and fonts, axes, tooltips, marks.

import type { EChartsCoreOption } from "echarts/core";
import { at, type Arm, type Axis, type Drawn, type Ends, type Mark, type Row, type Sheet, type Theme } from "./chart-figure";
import { say, tick } from "./format";
import { shapes, type Shape } from "./mark";

// readTheme takes colours from the style sheet, so that charts follow the scheme that the page has.
export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string): string => style.getPropertyValue("--" + name).trim();
  // A canvas takes BlinkMacSystemFont for system-ui, a poor face on a bare Linux: name real families there.
  return { colour: value, font: value("f").replace("-apple-system, BlinkMacSystemFont", '"Helvetica Neue"') };
}

export const languages = ["ja", "en", "code", "other"];

// armColour is an arm's.
export function armColour(arm: Arm | undefined, theme: Theme): string {
  return theme.colour(arm && arm.mark.hue > 0 ? "arm-" + arm.mark.hue : "edge");
}

// colourOf is the colour of a series: its arm's, its language's, else ink.
export function colourOf(s: Drawn, sheet: Sheet): string {
  if (s.arm !== undefined) return armColour(sheet.figure.arms[s.arm], sheet.theme);
  return sheet.theme.colour(s.lang && languages.includes(s.lang) ? s.lang : "ink");
}

// armText is an arm's colour for text, which needs more contrast than a mark.
export function armText(arm: Arm | undefined, theme: Theme): string {
  return arm && arm.mark.hue > 0 ? armColour(arm, theme) : theme.colour("ink-3");
}

// textOf is the same colour for text.
export function textOf(s: Drawn, sheet: Sheet): string {
  if (s.arm !== undefined) return armText(sheet.figure.arms[s.arm], sheet.theme);
  return s.lang && languages.includes(s.lang) ? sheet.theme.colour(s.lang + "-t") : colourOf(s, sheet);
}

// fade is a colour of the style sheet (#rrggbb) with an alpha.
export function fade(colour: string, alpha: number): string {
  const n = parseInt(colour.slice(1), 16);
  return `rgba(${n >> 16},${(n >> 8) & 255},${n & 255},${alpha})`;
}

export const cross = "path://M2 0L6 4L10 0L12 2L8 6L12 10L10 12L6 8L2 12L0 10L4 6L0 2Z";

// sizes let shapes look equally large.
const sizes: Record<Shape, number> = { circle: 12, square: 10.5, triangle: 12, diamond: 14, down: 12, pentagon: 12, star: 14.5, plus: 12.5, left: 12, right: 12, hourglass: 12, bar: 13 };

// symbolOf is a mark as ECharts draws it, that large a part of its full size.
export function symbolOf({ shape }: Mark, part = 1): { symbol: string; symbolSize: number; symbolKeepAspect: boolean } {
  return { symbol: "path://" + shapes[shape], symbolSize: sizes[shape] * part, symbolKeepAspect: true };
}

export const dashes: Record<Mark["dash"], "solid" | number[]> = {
  solid: "solid",
  long: [9, 4],
  dashdot: [9, 3, 2, 3],
  short: [5, 3],
  longdots: [9, 3, 2, 3, 2, 3],
  mixed: [13, 3, 5, 3],
  dot: [2, 3],
};

// meanPoint is an arm's large mark; a matched control's is hollow.
export function meanPoint(arm: Arm, theme: Theme): object {
  const colour = armColour(arm, theme);
  const page = theme.colour("page");
  return {
    ...symbolOf(arm.mark),
    itemStyle: arm.mark.hollow
      ? { opacity: 1, color: page, borderColor: colour, borderWidth: 2 }
      : { opacity: 1, color: colour, borderColor: page, borderWidth: 1 },
  };
}

// seedPoint is the small mark of one run.
export function seedPoint(arm: Arm, theme: Theme): object {
  const colour = armColour(arm, theme);
  return {
    ...symbolOf(arm.mark, 0.55),
    itemStyle: {
      opacity: 1,
      color: arm.mark.hollow ? "transparent" : fade(colour, 0.75),
      borderColor: fade(colour, 0.9),
      borderWidth: arm.mark.hollow ? 1 : 0,
    },
  };
}

// base is what every chart begins with. Nothing moves by itself: live points appear in place.
export function base({ theme }: Sheet): EChartsCoreOption {
  return {
    animation: false,
    textStyle: { fontFamily: theme.font, fontSize: 12, color: theme.colour("ink-2") },
    tooltip: tooltip(theme, "item"),
  };
}

// tooltip is drawn in the canvas: HTML would need inline styles, which the content policy forbids.
export function tooltip(theme: Theme, trigger: "item" | "axis"): object {
  return {
    trigger,
    renderMode: "richText",
    confine: true,
    backgroundColor: theme.colour("page"),
    borderColor: theme.colour("line-2"),
    borderWidth: 1,
    padding: [6, 10],
    shadowColor: "transparent",
    shadowOffsetX: 0,
    shadowOffsetY: 0,
    textStyle: { color: theme.colour("ink"), fontSize: 12, lineHeight: 18, fontFamily: theme.font },
    axisPointer: { type: "line", snap: true, lineStyle: { color: theme.colour("axis"), type: "solid", width: 1 }, label: { show: false } },
  };
}

// plain keeps a name from being read as rich text.
export function plain(text: string): string {
  return text.replace(/[{}|]/g, (c) => ({ "{": "｛", "}": "｝", "|": "｜" })[c] ?? c);
}

// spoken is a tooltip's text for who hears it.
export function spoken(text: string): string {
  return text.replace(/\n/g, "、").replace(/ {2,}/g, " ");
}

interface AxisOptions {
  name?: boolean; // write the axis's name; true unless said
  grid?: boolean; // lines across the plot; in y unless said
  edge?: boolean; // the axis's own line; in x unless said
}

// axis has its name at its end in words and unit, never turned; round ticks; a hairline grid. Its ends come from the
// figure; an end that isn't round is labelled where it is far enough from the last tick.
export function axis(dim: "x" | "y", sheet: Sheet, o: AxisOptions = {}): object {
  const { figure, theme, lang } = sheet;
  const x = dim === "x";
  const of: Axis = figure[dim];
  const { min, max, minInterval: step } = ends(sheet, dim);
  const colour = theme.colour("axis");
  const unknown = say(figure.empty, lang) !== "" && of.format !== "tokens" && of.format !== "integer"; // no value, no scale
  return {
    type: "value",
    min,
    max,
    interval: step,
    name: o.name === false ? "" : say(of.name, lang),
    nameLocation: "end",
    nameGap: x ? 0 : 9,
    nameTextStyle: x
      ? { color: theme.colour("ink-2"), fontSize: 12, align: "right", verticalAlign: "top", padding: [22, 0, 0, 0] }
      : { color: theme.colour("ink-2"), fontSize: 12, align: "left", verticalAlign: "bottom", padding: [0, 0, 2, 0] },
    axisLine: { show: o.edge ?? x, onZero: false, lineStyle: { color: colour } },
    axisTick: { show: x, length: 4, lineStyle: { color: colour } },
    minorTick: { show: false },
    splitLine: { show: o.grid ?? !x, lineStyle: { color: theme.colour("grid") } },
    axisLabel: {
      show: !unknown,
      color: theme.colour("ink-3"),
      fontSize: 11,
      margin: 7,
      hideOverlap: true,
      formatter: (v: number) => (isRound(v, min, step) || standsApart(v, max, step) ? tick(of.format, v, step, lang) : ""),
    },
  };
}

export function ends({ figure }: Sheet, dim: "x" | "y"): Ends {
  return (dim === "x" ? figure.option.xAxis : figure.option.yAxis)[0] ?? { min: 0, max: 1, minInterval: 0.25 };
}

function isRound(v: number, min: number, step: number): boolean {
  const n = (v - (Math.abs(min % step) < 1e-9 * step ? 0 : min)) / step;
  return Math.abs(n - Math.round(n)) < 1e-6;
}

function standsApart(v: number, max: number, step: number): boolean {
  return v === max && v % step > step / 2;
}

// leftRoom is what the labels of the y axis need.
export function leftRoom(sheet: Sheet): number {
  const { min, max, minInterval: step } = ends(sheet, "y");
  let widest = 0;
  for (let v = min; v <= max + step / 2; v += step) {
    widest = Math.max(widest, textWidth(tick(sheet.figure.y.format, v, step, sheet.lang), 11, sheet.theme));
  }
  return Math.ceil(widest) + 12;
}

let ruler: CanvasRenderingContext2D | null | undefined;

// textWidth measures as the canvas will draw.
export function textWidth(text: string, size: number, theme: Theme, weight = 400): number {
  ruler ??= document.createElement("canvas").getContext("2d");
  if (!ruler) return text.length * size * 0.8;
  ruler.font = `${weight} ${size}px ${theme.font}`;
  return ruler.measureText(text).width;
}

// fit shortens a text to a width with an ellipsis, by what a reader takes for characters. What follows a middle dot, or
// stands in brackets at the end, tells arms of one mixture apart and stays, as long as something is left before it.
export function fit(text: string, width: number, size: number, theme: Theme, weight = 400): string {
  if (textWidth(text, size, theme, weight) <= width) return text;
  const dot = Math.max(text.indexOf(" · "), text.search(/ ?[(（][^()（）]+[)）]$/));
  const tail = dot > 0 && textWidth("…" + text.slice(dot), size, theme, weight) < width * 0.9 ? text.slice(dot) : "";
  const parts = Array.from(new Intl.Segmenter().segment(tail ? text.slice(0, dot) : text), (s) => s.segment);
  while (parts.length > 1 && textWidth(parts.join("") + "…" + tail, size, theme, weight) > width) parts.pop();
  return parts.join("") + "…" + tail;
}

// Grid is the room around the plot.
export interface Grid {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

// plot is the grid as an option. Labels have their room in it already: ECharts needn't measure them to make more.
export const plot = (grid: Grid): object => ({ ...grid, outerBoundsMode: "none" });

// Place turns values into pixels, as ECharts will within this grid.
export type Place = (x: number, y: number) => [number, number];

export function placer(sheet: Sheet, grid: Grid): Place {
  const x = ends(sheet, "x");
  const y = ends(sheet, "y");
  const w = sheet.width - grid.left - grid.right;
  const h = sheet.height - grid.top - grid.bottom;
  return (a, b) => [grid.left + ((a - x.min) / (x.max - x.min)) * w, grid.top + (1 - (b - y.min) / (y.max - y.min)) * h];
}

// polygon is the area between the low and the high of rows [x, low, high]: never smoothed, never thinned.
export function polygon(rows: Row[], fill: string, z: number): object {
  const low = rows.map((r) => [at(r, 0), at(r, 1)]);
  const high = rows.map((r) => [at(r, 0), at(r, 2)]);
  return {
    type: "custom",
    silent: true,
    clip: true,
    z,
    tooltip: { show: false },
    data: low.slice(0, 1),
    renderItem: (params: { coordSys: unknown }, api: { coord(p: number[]): number[] }) => {
      const plot = params.coordSys as { x: number; y: number; width: number; height: number };
      return {
        type: "polygon",
        shape: { points: [...high, ...[...low].reverse()].map((p) => api.coord(p)) },
        style: { fill },
        clipPath: { type: "rect", shape: { x: plot.x, y: plot.y, width: plot.width, height: plot.height } },
      };
    },
  };
}

// whisker is rows [x, y, x low, x high, y low, y high] as plain lines without caps; what is unknown is left out.
export function whisker(rows: Row[], colour: string): object {
  return {
    type: "custom",
    silent: true,
    clip: true,
    z: 4,
    tooltip: { show: false },
    data: rows.map((r) => [at(r, 0), at(r, 1)]),
    renderItem: (params: { dataIndex: number }, api: { coord(p: number[]): number[] }) => {
      const r = rows[params.dataIndex];
      const line = (a: number[], b: number[]): object => {
        const [x1, y1] = api.coord(a);
        const [x2, y2] = api.coord(b);
        return { type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: colour, lineWidth: 1.6 } };
      };
      const [x, y, left, right, low, high] = [0, 1, 2, 3, 4, 5].map((i) => at(r, i)) as [number, number, number, number, number, number];
      const children: object[] = [];
      if (Number.isFinite(left + right)) children.push(line([left, y], [right, y]));
      if (Number.isFinite(low + high)) children.push(line([x, low], [x, high]));
      return { type: "group", children };
    },
  };
}
