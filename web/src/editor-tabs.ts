// One tab a schedule: its mark, its label and a small drawing.

import { knots, share, t, used, wrongIn, type Schedule, type State } from "./editor-state";
import { html, path, svg } from "./element";
import { shapes } from "./mark";

// tabs draws the list; arrow keys go from one to the next.
export function tabs(list: HTMLElement, state: State, chosen: Schedule, choose: (name: string) => void): void {
  const focused = list.contains(document.activeElement);
  list.replaceChildren(
    ...state.schedules.map((s) => {
      const on = s === chosen;
      const mark = svg("svg", { class: `a${s.hue}`, width: 10, height: 10, viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("path", { d: shapes[s.shape], fill: "currentColor" }));
      const tag = s.name === state.baseline && html("span", { class: "tag" }, t("baseline"));
      const bad = wrongIn(state, s).length > 0 && html("span", { class: "tag bad" }, t("bad"));
      const tab = html("button", { type: "button", class: "sched", role: "tab", "aria-selected": String(on), tabindex: on ? 0 : -1 }, html("span", { class: "t" }, mark, html("span", { class: "nm", title: s.label }, s.label), tag, bad), glyph(s, state));
      tab.addEventListener("click", () => choose(s.name));
      return tab;
    }),
  );
  if (focused) list.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
  list.onkeydown = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = by && state.schedules[state.schedules.indexOf(chosen) + by];
    if (!next) return;
    event.preventDefault();
    choose(next.name);
  };
}

function glyph(schedule: Schedule, state: State): SVGSVGElement {
  const [width, height] = [118, 26];
  const turns = knots(schedule);
  const below = turns.map(() => 0);
  const areas = used(schedule, state.sources).map((k) => {
    const lower = turns.map(({ at }, i): [number, number] => [at * width, height * (1 - (below[i] ?? 0))]);
    turns.forEach(({ at, ends }, i) => (below[i] = (below[i] ?? 0) + share(schedule, k, at, ends)));
    const upper = turns.map(({ at }, i): [number, number] => [at * width, height * (1 - (below[i] ?? 0))]);
    return svg("path", { class: `${state.sources[k]?.class}-f`, d: path([...upper, ...lower.reverse()]) });
  });
  return svg("svg", { class: "glyph", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...areas);
}
