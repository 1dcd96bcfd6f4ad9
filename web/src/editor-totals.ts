// The schedule's two other views, as the server computed them from what the sampler deals out: tokens read so far of each
// source, and the same as a difference to the baseline's.

import { lang, order, t, type Arm, type Source } from "./editor-state";
import { path, points, svg } from "./element";
import { big } from "./format";

const height = 292;

interface Line {
  source: Source;
  dash: string; // sources of one language have one colour
  values: number[]; // at even fractions of the run
}

const steps = 96;
const dashes = ["", "7 4", "2 4", "10 4 2 4"];

// twins is how many sources of a language stand before one.
const twins = (sources: Source[], k: number): number => sources.slice(0, k).filter((s) => s.class === sources[k]?.class).length;

// totals draws tokens read by an arm, or where another is given how they differ from its.
export function totals(root: SVGSVGElement, arm: Arm | undefined, sources: Source[], tokens: number, other?: Arm): void {
  const width = root.clientWidth || 800;
  root.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const lines = arm ? read(arm, sources, other) : [];
  if (!lines.length) {
    root.replaceChildren(svg("text", { class: "lab", x: width / 2, y: height / 2, "text-anchor": "middle", fill: "var(--ink-3)" }, t("unplanned")));
    return;
  }
  root.replaceChildren(...drawn(lines, width, tokens, Boolean(other)));
}

function read(arm: Arm, sources: Source[], other?: Arm): Line[] {
  return order(sources)
    .map((k) => {
      const own = even(arm, k);
      const base = other && even(other, k);
      return { source: sources[k]!, dash: dashes[twins(sources, k) % dashes.length] ?? "", values: base ? own.map((v, i) => v - (base[i] ?? 0)) : own };
    })
    .filter(({ values }) => other !== undefined || values.some((v) => v > 0));
}

// even is what was read of a source at even fractions of the run.
function even({ tokens, read }: Arm, k: number): number[] {
  const end = tokens[tokens.length - 1] ?? 1;
  let i = 0;
  return Array.from({ length: steps + 1 }, (_, n) => {
    const at = (n / steps) * end;
    while (i + 2 < tokens.length && tokens[i + 1]! <= at) i++;
    const [from, to] = [tokens[i] ?? 0, tokens[i + 1] ?? end];
    const [a, b] = [read[i]?.[k] ?? 0, read[i + 1]?.[k] ?? 0];
    return to > from ? a + ((b - a) * (at - from)) / (to - from) : a;
  });
}

function drawn(lines: Line[], width: number, tokens: number, difference: boolean): SVGElement[] {
  const narrow = width < 480;
  const pad = { left: 62, right: narrow ? 84 : 140, top: 20, bottom: 34 };
  const top = Math.max(tokens / 1000, ...lines.flatMap(({ values }) => values.map(Math.abs)));
  const step = nice(top / 3);
  const high = Math.ceil(top / step) * step;
  const low = difference ? -high : 0;
  const x = (f: number): number => pad.left + f * (width - pad.left - pad.right);
  const y = (v: number): number => height - pad.bottom - ((v - low) / (high - low)) * (height - pad.top - pad.bottom);
  const out: SVGElement[] = [];
  for (let v = low; v <= high + step / 2; v += step) {
    const zero = Math.abs(v) < step / 2;
    out.push(svg("line", { x1: x(0), x2: x(1), y1: y(v), y2: y(v), stroke: zero ? "var(--axis)" : "var(--grid)" }),
      svg("text", { class: "sub", x: pad.left - 8, y: y(v) + 4, "text-anchor": "end" }, zero ? "0" : said(v, difference)));
  }
  for (const f of narrow ? [0, 1] : [0, 0.25, 0.5, 0.75, 1]) {
    out.push(svg("text", { class: "sub", x: x(f), y: height - pad.bottom + 17, "text-anchor": f === 1 ? "end" : f ? "middle" : "start" }, f ? big(f * tokens, lang()) : "0"));
  }
  const along = (values: number[]): [number, number][] => values.map((v, i) => [x(i / steps), y(v)]);
  if (difference) {
    for (const { source, values } of lines) out.push(svg("path", { d: path([[x(0), y(0)], ...along(values), [x(1), y(0)]]), fill: `var(--${source.class}-a)`, opacity: 0.7 }));
  }
  for (const { source, dash, values } of lines) out.push(svg("polyline", { points: points(along(values)), fill: "none", stroke: `var(--${source.class})`, "stroke-width": 2, "stroke-dasharray": dash || "none" }));
  let last = -99;
  for (const { source, values } of [...lines].sort((a, b) => b.values[steps]! - a.values[steps]!)) {
    const end = values[steps] ?? 0;
    last = Math.max(y(end) + 4, last + 16);
    const text = difference && Math.abs(end) < tokens / 1e4 ? "±0" : said(end, difference);
    out.push(svg("text", { class: "end", x: x(1) + 8, y: last, fill: `var(--${source.class}-t)` }, narrow ? text : `${shortened(source.name, 12)} ${text}`,
      svg("title", {}, t(difference ? "diff" : "read", { a: source.name, b: text }))));
  }
  return out;
}

// shortened is a name of at most n characters: both its ends, which tell it from others.
const shortened = (name: string, n: number): string => (name.length > n ? `${name.slice(0, Math.ceil((n - 1) / 2))}…${name.slice(-Math.floor((n - 1) / 2))}` : name);

// said is a number of tokens; a difference has its sign written out.
const said = (v: number, difference: boolean): string => (difference && v > 0 ? "+" : "") + big(v, lang());

// nice is the round step above a number.
function nice(v: number): number {
  const power = 10 ** Math.floor(Math.log10(v));
  return ([1, 2, 5].find((m) => m * power >= v) ?? 10) * power;
}
