// The numbers beside the drawing: a row a stage, a field for every handle. Full-width digits are taken; a field is read
// when it is left or Enter is pressed, never while a word is being composed.

import { replace } from "./editor-around";
import { incomplete } from "./editor-change";
import { why } from "./editor-cost";
import { numeral } from "./editor-number";
import { accept, refuse, refused } from "./editor-refused";
import { complete, lang, order, sum, t, type Schedule, type Source, type State, type Wrong } from "./editor-state";
import { html, svg } from "./element";
import { big, fixed } from "./format";

export interface Wanted {
  until(stage: number, fraction: number): void;
  ramp(stage: number, ramp: string): void;
  share(stage: number, source: number, share: number): void;
  spread(stage: number): void; // -1: all that aren't a whole
  remove(stage: number): void;
}

// stages draws the table; the field that the keyboard is in stays, and so does what was refused.
export function stages(table: HTMLTableElement, state: State, schedule: Schedule, wrong: Wrong[], want: Wanted): void {
  const keys = order(state.sources);
  const rows = schedule.stages.flatMap((stage, i) => {
    const own = wrong.filter((w) => w.stage === i && (w.part !== "mixture" || complete(stage)));
    return [row(state, schedule, i, keys, own, want), ...notes(state, schedule, i, keys, own, want)];
  });
  const of = `${schedule.name}/${schedule.stages.length}`;
  const restore = table.dataset.of === of ? refused(table) : undefined;
  const now = table.cloneNode() as HTMLTableElement;
  now.dataset.of = of;
  now.append(html("thead", {}, heads(state.sources, keys)), html("tbody", {}, ...rows));
  const drawn = replace(table, now);
  restore?.(drawn);
}

function heads(sources: Source[], keys: number[]): HTMLTableRowElement {
  const read = keys.map((k) => html("th", {}, html("span", { class: `sw ${sources[k]?.class}` }), sources[k]?.lang,
    sources[k]?.lang !== sources[k]?.name && html("small", {}, sources[k]?.name)));
  return html("tr", {}, html("th", {}, t("stage")), html("th", {}, t("until")), html("th", {}, t("how")), ...read,
    html("th", { class: "num" }, t("sum")), html("th", {}, html("span", { class: "vh" }, t("remove", { n: "" }))));
}

function row(state: State, schedule: Schedule, i: number, keys: number[], wrong: Wrong[], want: Wanted): HTMLTableRowElement {
  const stage = schedule.stages[i]!;
  const bad = !complete(stage);
  const mark = <E extends HTMLElement>(field: E, here: boolean): E => {
    if (!here) return field;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", `e-${i}`);
    return field;
  };
  const about = (part: string): boolean => wrong.some((w) => w.part === part);
  const until = field(`u-${i}`, short(stage.until * 100), t("end", { n: i + 1 }), (v) => want.until(i, v / 100), i === schedule.stages.length - 1 && !about("until"));
  const shares = keys.map((k) => {
    const name = state.sources[k]?.name ?? "";
    const input = field(`m-${i}-${k}`, fixed((stage.shares[k] ?? 0) * 100, 1), t("share", { n: i + 1, a: name }), (v) => want.share(i, k, v / 100));
    return html("td", {}, html("span", { class: "unit" }, mark(input, bad || about(name)), "%"));
  });
  return html("tr", {}, html("td", {}, `${i + 1}`),
    html("td", {}, html("span", { class: "unit" }, mark(until, about("until")), "%", html("span", { class: "dimmer" }, big(stage.until * state.tokens, lang())))),
    html("td", {}, i ? mark(ramps(i, stage.ramp, want), about("ramp")) : html("span", { class: "dimmer" }, t("first"))),
    ...shares,
    html("td", { class: bad ? "num err" : "num" }, `${fixed(sum(stage) * 100, 1)}%`),
    html("td", { class: "num" }, schedule.stages.length > 1 && remove(i, want)));
}

// notes is what a stage's fields have wrong, in a row below them.
function notes(state: State, schedule: Schedule, i: number, keys: number[], wrong: Wrong[], want: Wanted): HTMLTableRowElement[] {
  const gap = complete(schedule.stages[i]!) ? [] : [missing(state, schedule, i, keys, want)];
  const said = wrong.map((w) => html("p", { class: "err" }, w.message));
  if (!gap.length && !said.length) return [];
  return [html("tr", { class: "sep" }, html("td", {}), html("td", { class: "msg", colspan: keys.length + 4, id: `e-${i}` }, ...gap, ...said))];
}

// short is a percentage with no more decimals than it has, two at most.
const short = (v: number): string => fixed(v, 2).replace(/\.?0+$/, "");

function field(id: string, value: string, label: string, done: (v: number) => void, off = false): HTMLInputElement {
  const input = html("input", { class: "in s num", id, value, inputmode: "decimal", autocomplete: "off", "aria-label": label, disabled: off, "data-off": off });
  input.addEventListener("change", () => {
    if (input.value === input.defaultValue) return accept(input); // or Enter was pressed before the field was left
    const v = read(input.value);
    if (v >= 0 && v <= 100) {
      input.defaultValue = input.value; // nobody is typing here any more
      accept(input);
      done(v);
    }
    else refuse(input, v > 100 ? t("percent") : v < 0 || !input.value.trim() ? t("portion") : why(input.value, "portion"));
  });
  return input;
}

// read is a number of a field; NaN for what is none, or unclear.
function read(text: string): number {
  try {
    return numeral(text);
  } catch {
    return NaN;
  }
}

function ramps(i: number, ramp: string, want: Wanted): HTMLSelectElement {
  const options = (["none", "linear", "cosine"] as const).map((r) => html("option", { value: r, selected: r === ramp }, t(r)));
  const select = html("select", { class: "in s", id: `r-${i}`, "aria-label": `${t("stage")} ${i + 1} ${t("how")}` }, ...options);
  select.addEventListener("change", () => want.ramp(i, select.value));
  return select;
}

function remove(i: number, want: Wanted): HTMLButtonElement {
  const cross = svg("svg", { width: 13, height: 13, viewBox: "0 0 16 16", fill: "none", stroke: "currentColor", "stroke-width": 1.5, "aria-hidden": "true" }, svg("path", { d: "M4 4l8 8M12 4l-8 8" }));
  const button = html("button", { type: "button", class: "btn s q", id: `x-${i}`, "aria-label": t("remove", { n: i + 1 }) }, cross);
  button.addEventListener("click", () => want.remove(i));
  return button;
}

// missing says how far a stage is from a whole, and offers to mend it.
function missing(state: State, schedule: Schedule, i: number, keys: number[], want: Wanted): HTMLElement {
  const stage = schedule.stages[i]!;
  const rest = 1 - sum(stage);
  const said = t(rest > 0 ? "less" : "more", { a: fixed(sum(stage) * 100, 1), b: fixed(Math.abs(rest) * 100, 1) });
  const last = keys[keys.length - 1] ?? 0;
  const button = (id: string, text: string, does: () => void): HTMLButtonElement => {
    const made = html("button", { type: "button", class: "btn s", id }, text);
    made.addEventListener("click", does);
    return made;
  };
  const scales = sum(stage) > 0;
  return html("div", { class: "row wrap" }, html("span", { class: "err", role: "alert" }, said),
    rest > 0 && button(`fix-${i}`, t("fix", { a: state.sources[last]?.name ?? "" }), () => want.share(i, last, (stage.shares[last] ?? 0) + rest)),
    scales && button(`spread-${i}`, t("spread"), () => want.spread(i)),
    scales && incomplete(state).length > 1 && button(`spread-all-${i}`, t("spread.all"), () => want.spread(-1)));
}
