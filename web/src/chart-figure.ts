// A figure as the server sends it: package chart is its author, and says what every field means.

import type { Cell, Format, Label, Lang } from "./format";
import type { Shape } from "./mark";

export interface Figure {
  id: string;
  kind: "tradeoff" | "curve" | "mixture" | "accuracy" | "response" | "ternary" | "device" | "matrix";
  lang?: string;
  title: Label;
  subtitle: Label;
  caption: Label;
  description: Label;
  empty: Label;
  arms: Arm[];
  x: Axis;
  y: Axis;
  series: Series[];
  option: { series: { data: Row[] }[]; xAxis: Ends[]; yAxis: Ends[] };
  table: { columns: Column[]; rows: Cell[][] };
  corners?: { name: Label; lang: string }[];
  heads?: Head[];
  gap?: number;
}

// Head is what a column of a matrix measures.
export interface Head {
  name: Label;
  sub: Label;
  lang: string;
  format: Format;
}

export interface Arm {
  name: string;
  label: Label;
  mark: Mark;
}

export interface Mark {
  hue: number;
  shape: Shape;
  hollow?: boolean;
  dash: "solid" | "long" | "dashdot" | "short" | "longdots" | "mixed" | "dot";
}

export interface Axis {
  name: Label;
  format: Format;
  good?: "low" | "high";
}

export type Role =
  | "front"
  | "seed"
  | "mean"
  | "interval"
  | "band"
  | "line"
  | "law"
  | "spike"
  | "superseded"
  | "nonfinite"
  | "planned"
  | "delivered"
  | "chance"
  | "baseline"
  | "now"
  | "start"
  | "odds"
  | "pick"
  | "adjusted"
  | "beyond"
  | "optimum"
  | "grid"
  | "seen"
  | "turned"
  | "next"
  | "cell"
  | "ledger"
  | "change";

export interface Series {
  role: Role;
  arm?: number;
  lang?: string;
  run?: string;
  label: Label;
  note?: Label;
}

export interface Column {
  key: string;
  name: Label;
  format: Format;
  words?: Record<string, Label>;
}

export type Row = Cell[];

export interface Ends {
  min: number;
  max: number;
  minInterval: number;
}

// Drawn is a series with its rows, as charts take them up.
export interface Drawn extends Series {
  rows: Row[];
}

// drawn joins what the series mean with what they hold.
export function drawn(figure: Figure, ...roles: Role[]): Drawn[] {
  return figure.series
    .map((s, i) => ({ ...s, rows: figure.option.series[i]?.data ?? [] }))
    .filter((s) => roles.includes(s.role));
}

// at is a row's number, NaN where it has none.
export function at(row: Row | undefined, i: number): number {
  const v = row?.[i];
  return typeof v === "number" ? v : NaN;
}

// Sheet is what one drawing is made from: the figure, the language, the room and the colours.
export interface Sheet {
  figure: Figure;
  lang: Lang;
  width: number;
  height: number;
  theme: Theme;
}

// Theme answers with the page's colours as they are now.
export interface Theme {
  colour(name: string): string;
  font: string;
}

// Stop is a point that the keyboard steps to: where it is in the option, and what is said of it.
export interface Stop {
  series: number;
  index: number;
  text(): string;
}
