// The numbers beside the drawing: a row a stage, a field for every handle. Full-width digits are taken; a field is read
// when it is left or Enter is pressed, never while a word is being composed.

import { complete, lang, order, sum, t, type Schedule, type Source } from "./editor-state";
import { html, svg } from "./element";
import { big, fixed } from "./format";

export interface Wanted {
  until(stage: number, fraction: number): void;
  ramp(stage: number, ramp: string): void;
  share(stage: number, source: number, share: number): void;
  remove(stage: number): void;
}

// numeral is a number as people type one: full-width digits, a percent sign, spaces and commas are fine. NaN is none.
export function numeral(text: string): number {
  const plain = text.normalize("NFKC").replace(/[%,\s]/g, "").replace(/^[−ー-]/, "-");
  return /^-?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN;
}

// stages draws the table; a field that is being typed in stays as it is.
export function stages(table: HTMLTableElement, schedule: Schedule, sources: Source[], tokens: number, want: Wanted): void {
  const active = table.contains(document.activeElement) ? (document.activeElement as HTMLInputElement) : undefined;
  if (active instanceof HTMLInputElement && active.value !== active.defaultValue) return; // it is drawn once that is done
  const keys = order(sources);
  const head = html("tr", {}, html("th", {}, t("stage")), html("th", {}, t("until")), html("th", {}, t("how")),
    ...keys.map((k) => html("th", {}, html("span", { class: `sw ${sources[k]?.class}` }), sources[k]?.name)), html("th", { class: "num" }, t("sum")), html("th", {}, html("span", { class: "vh" }, t("remove", { n: "" }))));
  const rows = schedule.stages.flatMap((stage, i) => {
    const last = i === schedule.stages.length - 1;
    const bad = !complete(stage);
    const total = sum(stage);
    const until = field(`u-${i}`, short(stage.until * 100), t("end", { n: i + 1 }), (v) => want.until(i, v / 100), last);
    const row = html("tr", {}, html("td", {}, `${i + 1}`),
      html("td", {}, html("span", { class: "unit" }, until, "%", html("span", { class: "dimmer" }, big(stage.until * tokens, lang())))),
      html("td", {}, i ? ramps(i, stage.ramp, want) : html("span", { class: "dimmer" }, t("first"))),
      ...keys.map((k) => {
        const input = field(`m-${i}-${k}`, fixed((stage.shares[k] ?? 0) * 100, 1), t("share", { n: i + 1, a: sources[k]?.name ?? "" }), (v) => want.share(i, k, v / 100));
        if (bad) {
          input.setAttribute("aria-invalid", "true");
          input.setAttribute("aria-describedby", `e-${i}`);
        }
        return html("td", {}, html("span", { class: "unit" }, input, "%"));
      }),
      html("td", { class: bad ? "num err" : "num" }, `${fixed(total * 100, 1)}%`),
      html("td", { class: "num" }, schedule.stages.length > 1 && remove(i, want)));
    return bad ? [row, problem(i, stage.shares, total, keys, sources, want)] : [row];
  });
  table.replaceChildren(html("thead", {}, head), html("tbody", {}, ...rows));
  if (active?.id) table.querySelector<HTMLElement>("#" + CSS.escape(active.id))?.focus();
}

// short is a percentage with no more decimals than it has, two at most.
const short = (v: number): string => fixed(v, 2).replace(/\.?0+$/, "");

function field(id: string, value: string, label: string, done: (v: number) => void, off = false): HTMLInputElement {
  const input = html("input", { class: "in s num", id, value, inputmode: "decimal", autocomplete: "off", "aria-label": label, disabled: off, "data-off": off });
  input.addEventListener("change", () => {
    const v = numeral(input.value);
    if (v >= 0 && v <= 100) {
      input.defaultValue = input.value; // nobody is typing here any more
      done(v);
    }
    else {
      input.setAttribute("aria-invalid", "true");
      input.setCustomValidity(t("number"));
      input.reportValidity();
    }
  });
  input.addEventListener("input", () => input.setCustomValidity(""));
  return input;
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

// problem says what is missing, and gives it to the last source on request.
function problem(i: number, shares: number[], total: number, keys: number[], sources: Source[], want: Wanted): HTMLTableRowElement {
  const rest = 1 - total;
  const said = t(rest > 0 ? "less" : "more", { a: fixed(total * 100, 1), b: fixed(Math.abs(rest) * 100, 1) });
  const last = keys[keys.length - 1] ?? 0;
  const fix = html("button", { type: "button", class: "btn s", id: `fix-${i}` }, t("fix", { a: sources[last]?.name ?? "" }));
  fix.addEventListener("click", () => want.share(i, last, (shares[last] ?? 0) + rest));
  const message = html("p", { class: "err", id: `e-${i}`, role: "alert" }, said + " ", rest > 0 && fix);
  return html("tr", { class: "sep" }, html("td", {}), html("td", { class: "msg", colspan: keys.length + 4 }, message));
}
