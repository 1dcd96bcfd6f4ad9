// What a schedule is called, in charts and in the document, and its overall shares.

import { order, t, type Arm, type Schedule, type State } from "./editor-state";
import { html } from "./element";
import { percent } from "./format";

export interface Called {
  label(to: string): void;
  name(to: string): void;
}

// head draws into box; a field that is being typed in stays as it is.
export function head(box: HTMLElement, state: State, schedule: Schedule, arm: Arm | undefined, call: Called): void {
  if (!box.children.length) box.append(field("arm-label", t("label")), field("arm-name", t("rename")), html("span", { class: "small dimmer average" }));
  const [label, name, note] = box.children as unknown as [HTMLInputElement, HTMLInputElement, HTMLElement];
  label.placeholder = schedule.name;
  hold(label, schedule.written, call.label);
  hold(name, schedule.name, call.name);
  const end = arm?.read.at(-1);
  const all = end?.reduce((a, b) => a + b, 0) ?? 0;
  note.textContent = end && all ? `${t("average")} ${order(state.sources).map((k) => `${state.sources[k]?.name} ${percent((end[k] ?? 0) / all, 0)}`).join(" · ")}` : "";
}

function hold(input: HTMLInputElement, value: string, done: (to: string) => void): void {
  input.onchange = () => {
    input.defaultValue = input.value; // nobody is typing here any more
    done(input.value);
  };
  if (document.activeElement !== input || input.value === input.defaultValue) input.value = input.defaultValue = value;
}

function field(id: string, label: string): HTMLInputElement {
  const input = html("input", { class: "in s", id, autocomplete: "off", "aria-label": label, title: label });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    input.blur();
  });
  return input;
}
