// What the server says of the document, and the words of the editor.

import type { Lang } from "./format";
import type { Shape } from "./mark";

export interface Source {
  name: string;
  class: "ja" | "en" | "code" | "other";
  lang: string;
}

export interface Stage {
  until: number; // a fraction of the run
  ramp: "none" | "linear" | "cosine";
  shares: number[]; // by source
}

export interface Schedule {
  name: string;
  label: string;
  written: string; // the label as the document has it in the page's language
  label_path: string[];
  named: string[][]; // where the design names it
  hue: number;
  shape: Shape;
  stages: Stage[];
}

// Arm is what a run reads, at points: tokens of the run, and of each source until there.
export interface Arm {
  name: string;
  label: string;
  of: string;
  tokens: number[];
  read: number[][];
}

export interface State {
  readable: boolean;
  document: string;
  tokens: number;
  past: number; // of the run, a fraction: taken over from another
  arm: string;
  baseline: string;
  recurs: boolean;
  sources: Source[];
  schedules: Schedule[];
  arms: Arm[];
  more?: { name: string; label: string }[]; // arms of which only the names are told
  problems: { field: string; message: string }[];
}

// Wrong is a problem of a schedule: of a stage, from 0, and a part of it; of none, -1.
export interface Wrong {
  stage: number;
  part: string; // until, ramp, mixture, or a source of it
  message: string;
}

// Edit is one change of the document, as the server takes it.
export interface Edit {
  op: "set" | "remove" | "insert" | "rename";
  path: string[];
  value?: unknown;
}

export const lang = (): Lang => (document.documentElement.lang === "en" ? "en" : "ja");

// read takes what the page holds as JSON.
export function read<T>(page: Document, id: string): T {
  return JSON.parse(page.getElementById(id)?.dataset.json ?? "null") as T;
}

let words: Record<string, string> = {};

// t is a text of the editor with {name} replaced.
export function t(key: string, values: Record<string, string | number> = {}): string {
  if (!Object.keys(words).length) words = read(document, "words");
  return (words[key] ?? `⟦${key}⟧`).replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}

// wrongIn are the problems of one schedule.
export function wrongIn(state: State, { name }: Schedule): Wrong[] {
  const own = `schedules.${name}`;
  return (state.problems ?? []).filter(({ field }) => field === own || field.startsWith(own + ".")).map(({ field, message }) => {
    const [, stage = "-1", part = ""] = /^\.stages\[(\d+)\]\.?(.*)$/.exec(field.slice(own.length)) ?? [];
    return { stage: Number(stage), part: part.replace(/^mixture\./, ""), message };
  });
}

// order is the order in which sources are stacked: by language, Japanese at the bottom.
export function order(sources: Source[]): number[] {
  const ranks = ["ja", "en", "code", "other"];
  return sources.map((_, k) => k).sort((a, b) => ranks.indexOf(sources[a]!.class) - ranks.indexOf(sources[b]!.class) || a - b);
}

// used are the sources of the stack that a schedule reads at any time.
export function used(schedule: Schedule, sources: Source[]): number[] {
  const some = order(sources).filter((k) => schedule.stages.some((s) => (s.shares[k] ?? 0) > 0));
  return some.length > 1 ? some : order(sources);
}

export const sum = (stage: Stage): number => stage.shares.reduce((a, b) => a + b, 0);

// complete is whether a stage's shares make a whole, as exactly as the file asks.
export const complete = (stage: Stage): boolean => Math.abs(sum(stage) - 1) < 1e-9 * 2;

// share is a source's share at a fraction of the run; at a boundary, that of the stage that begins, or of the one that
// ends there.
export function share(schedule: Schedule, k: number, at: number, ends = false): number {
  const { stages } = schedule;
  let i = stages.findIndex((s) => (ends ? at <= s.until : at < s.until));
  if (i < 0) i = stages.length - 1;
  const stage = stages[i];
  if (!stage) return 0;
  const to = stage.shares[k] ?? 0;
  const before = stages[i - 1];
  if (!before || stage.ramp === "none") return to;
  let x = Math.min(1, Math.max(0, (at - before.until) / (stage.until - before.until)));
  if (stage.ramp === "cosine") x = (1 - Math.cos(Math.PI * x)) / 2;
  const from = before.shares[k] ?? 0;
  return from + (to - from) * x;
}

// knots are where a schedule's edges turn: boundaries twice, ramps at even points.
export function knots(schedule: Schedule): { at: number; ends: boolean }[] {
  const out: { at: number; ends: boolean }[] = [{ at: 0, ends: false }];
  let start = 0;
  for (const { until, ramp } of schedule.stages) {
    if (ramp === "cosine") for (let i = 1; i < 24; i++) out.push({ at: start + ((until - start) * i) / 24, ends: false });
    out.push({ at: until, ends: true }, { at: until, ends: false });
    start = until;
  }
  out.pop();
  return out;
}

// decimal is a share or boundary as the document writes it: at most four decimals.
export const decimal = (v: number): number => Math.round(v * 1e4) / 1e4;
