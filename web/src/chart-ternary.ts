// Mixtures of three sources as a triangle: the objective as shades, the edge of what can't be told from the best as dashes,
// what was run as circles (squares where it changes on the way), what is proposed as crosses.

import { at, drawn, type Row, type Sheet, type Stop } from "./chart-figure";
import { base, fade, languages, plain, spoken } from "./chart-theme";
import { pick, type Drawing } from "./chart-tradeoff";
import { fixed, format, say } from "./format";

const height = Math.sqrt(3) / 2;
const plus = "path://M4.5 0h3v4.5H12v3H7.5V12h-3V7.5H0v-3h4.5z";

export function ternary(sheet: Sheet): Drawing {
  const { figure, theme, width } = sheet;
  const side = Math.min(width - (width < 420 ? 84 : 120), (sheet.height - 66) / height);
  const grid = { left: (width - side) / 2, top: 26, width: side, height: side * height };
  const nodes = drawn(figure, "grid")[0]?.rows ?? [];
  const series: object[] = [];
  if (nodes.length) series.push(surface(nodes, sheet), frame(sheet), edge(nodes, sheet));
  const stops: Stop[] = [];
  const text = (row: Row | undefined, name: string): string => [plain(name), shares(at(row, 0), at(row, 1), sheet)].filter(Boolean).join("\n");
  for (const s of drawn(figure, "seen", "turned")) {
    const name = (row: Row | undefined): string => say(figure.arms[at(row, 2)]?.label, sheet.lang);
    const read = (row: Row | undefined): string => text(row, [name(row), say(s.label, sheet.lang)].filter(Boolean).join("  "));
    stops.push(...s.rows.map((row, index) => ({ series: series.length, index, text: () => spoken(read(row)) })));
    series.push(marks(s.role, s.rows, s.role === "seen" ? "circle" : "rect", 8, { color: theme.colour("page"), borderColor: theme.colour("ink"), borderWidth: 1.5 }, read));
  }
  const next = drawn(figure, "next")[0];
  if (next) series.push(marks("next", next.rows, plus, 9, { color: theme.colour("ink"), borderColor: theme.colour("page"), borderWidth: 1 }, (row) => text(row, `${say(next.label, sheet.lang)}  p = ${fixed(at(row, 2), 2)}`)));
  for (const s of drawn(figure, "pick")) {
    const tip = text(s.rows[0], say(s.label, sheet.lang));
    series.push({ ...pick(s, sheet), tooltip: { formatter: () => tip } });
  }
  const hidden = { type: "value", min: 0, show: false };
  const option = { ...base(sheet), grid, xAxis: { ...hidden, max: 1 }, yAxis: { ...hidden, max: height }, series };
  return { option, stops };
}

function marks(id: string, rows: Row[], symbol: string, size: number, style: object, text: (row: Row | undefined) => string): object {
  return { id, type: "scatter", z: 5, symbol, symbolSize: size, data: rows.map((r) => r.slice(0, 2)), itemStyle: { opacity: 1, ...style }, tooltip: { formatter: (p: { dataIndex: number }) => text(rows[p.dataIndex]) } };
}

// shares are a place's three shares in words.
function shares(x: number, y: number, { figure, lang }: Sheet): string {
  const third = y / height;
  const second = x - third / 2;
  return [1 - second - third, second, third].map((v, i) => `${plain(say(figure.corners?.[i]?.name, lang))} ${format("percent1", Math.max(0, v), lang)}`).join("\n");
}

type Point = [number, number];
interface Facet {
  corners: Point[];
  value: number;
  good: boolean;
  outside: boolean;
}

// facets are the small triangles between nodes, which come row by row, each row one shorter.
function facets(nodes: Row[]): Facet[] {
  const n = (Math.sqrt(8 * nodes.length + 1) - 3) / 2;
  const index = (i: number, j: number): number => i * (n + 1) - (i * (i - 1)) / 2 + j;
  const facet = (...of: number[]): Facet => {
    const rows = of.map((k) => nodes[k] ?? []);
    return { corners: rows.map((r) => [at(r, 0), at(r, 1)]), value: rows.reduce((sum, r) => sum + at(r, 2), 0) / 3, good: rows.every((r) => Boolean(r[3])), outside: rows.some((r) => Boolean(r[4])) };
  };
  const out: Facet[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n - i; j++) {
      out.push(facet(index(i, j), index(i + 1, j), index(i, j + 1)));
      if (j < n - i - 1) out.push(facet(index(i + 1, j), index(i + 1, j + 1), index(i, j + 1)));
    }
  }
  return out;
}

interface Api {
  coord(p: Point): Point;
}

function custom(z: number, render: (api: Api) => object[]): object {
  return { type: "custom", silent: true, clip: false, z, tooltip: { show: false }, data: [[0, 0]], renderItem: (_: unknown, api: Api) => ({ type: "group", children: render(api) }) };
}

// surface is the objective: full colour at the best, paler in seven steps; paler still where nothing was run near.
function surface(nodes: Row[], { theme }: Sheet): object {
  const all = facets(nodes);
  const sorted = all.map((f) => Math.max(0, f.value)).sort((a, b) => a - b);
  const scale = (sorted[Math.floor(sorted.length * 0.75)] ?? 0) || 1;
  const shade = (f: Facet): number => Math.round(7 * (1 - Math.min(1, Math.sqrt(Math.max(0, f.value) / scale)))) / 7;
  return custom(1, (api) =>
    all.map((f) => {
      const fill = fade(theme.colour("arm-1"), (0.04 + 0.78 * shade(f)) * (f.outside ? 0.5 : 1));
      return { type: "polygon", shape: { points: f.corners.map((p) => api.coord(p)) }, style: { fill } };
    }),
  );
}

// edge goes round the mixtures that can't be told from the recommended one.
function edge(nodes: Row[], { theme }: Sheet): object {
  const sides = new Map<string, Point[]>();
  for (const f of facets(nodes).filter((f) => f.good)) {
    f.corners.forEach((a, i) => {
      const b = f.corners[(i + 1) % 3] ?? a;
      const key = [a, b].map((p) => p.map((v) => v.toFixed(4)).join()).sort().join(" ");
      if (!sides.delete(key)) sides.set(key, [a, b]);
    });
  }
  return custom(3, (api) =>
    [...sides.values()].map(([a, b]) => {
      const [x1, y1] = api.coord(a ?? [0, 0]);
      const [x2, y2] = api.coord(b ?? [0, 0]);
      return { type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: theme.colour("ink"), lineWidth: 1.4, lineDash: [4, 3] } };
    }),
  );
}

// frame is the triangle, its lines of equal share, and what its corners are all of.
function frame({ theme, figure, lang }: Sheet): object {
  const at3 = (b: number, c: number): Point => [b + c / 2, c * height]; // shares of the second and the third
  const ink = (i: number): string => {
    const of = figure.corners?.[i]?.lang ?? "other";
    return theme.colour((languages.includes(of) ? of : "other") + "-t");
  };
  return custom(2, (api) => {
    const children: object[] = [];
    const line = (a: Point, b: Point): void => {
      const [x1, y1] = api.coord(a);
      const [x2, y2] = api.coord(b);
      children.push({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: theme.colour("ink"), opacity: 0.13, lineWidth: 1 } });
    };
    const word = (p: Point, text: string, i: number, dx: number, dy: number, align: string, size = 11): void => {
      const [x, y] = api.coord(p);
      children.push({ type: "text", x: x + dx, y: y + dy, style: { text, fill: ink(i), font: `${size > 11 ? 600 : 400} ${size}px ${theme.font}`, align, verticalAlign: "middle" } });
    };
    for (const v of [0.2, 0.4, 0.6, 0.8]) {
      line(at3(v, 0), at3(v, 1 - v));
      line(at3(0, v), at3(1 - v, v));
      line(at3(1 - v, 0), at3(0, 1 - v));
      const text = format("percent", v, lang);
      word(at3(v, 0), text, 1, -2, 12, "center");
      word(at3(1 - v, v), text, 2, 7, 0, "left");
      word(at3(0, 1 - v), text, 0, -7, -2, "right");
    }
    children.push({ type: "polygon", shape: { points: [at3(0, 0), at3(1, 0), at3(0, 1)].map((p) => api.coord(p)) }, style: { fill: "none", stroke: theme.colour("axis"), lineWidth: 1 } });
    const name = (i: number): string => `${say(figure.corners?.[i]?.name, lang)} 100%`;
    word(at3(0, 0), name(0), 0, -6, 30, "left", 13);
    word(at3(1, 0), name(1), 1, 6, 30, "right", 13);
    word(at3(0, 1), name(2), 2, 0, -14, "center", 13);
    return children;
  });
}
