// What a schedule is called, in charts and in the document, and its overall shares.

import { order, t, type Arm, type Schedule, type State } from "./editor-state";
import { unnamed } from "./editor-change";
import { html } from "./element";
import { percent } from "./format";

export interface Called {
  label(to: string): void;
  name(to: string): void;
}

// head draws into box; a field that is being typed in stays as it is.
export function head(box: HTMLElement, state: State, schedule: Schedule, arm: Arm | undefined, call: Called): void {
  if (!box.children.length) box.append(field("arm-label", t("label")), field("arm-name", t("rename")), html("span", { class: "small dimmer average" }), html("p", { class: "err", id: "arm-name-e", role: "alert", hidden: true }));
  const [label, name, note, wrong] = box.children as unknown as [HTMLInputElement, HTMLInputElement, HTMLElement, HTMLElement];
  label.placeholder = schedule.name;
  hold(label, schedule.written, call.label);
  // A name that can't be had stays in its field, with why; the document keeps the one that it has.
  const say = (why: ReturnType<typeof unnamed>, tried = ""): void => {
    wrong.hidden = !why;
    wrong.textContent = why ? t(why, { a: tried }) : "";
    if (!why) name.removeAttribute("aria-invalid");
    else name.setAttribute("aria-invalid", "true");
  };
  name.setAttribute("aria-describedby", wrong.id);
  if (wrong.dataset.of !== schedule.name) {
    say("");
    name.value = name.defaultValue = wrong.dataset.of = schedule.name;
  }
  hold(name, schedule.name, (to) => {
    const why = unnamed(state, schedule, to);
    say(why, to.trim());
    if (!why) call.name(to);
  });
  const end = arm?.read.at(-1);
  const all = end?.reduce((a, b) => a + b, 0) ?? 0;
  note.textContent = end && all ? `${t("average")} ${order(state.sources).map((k) => `${state.sources[k]?.name} ${percent((end[k] ?? 0) / all, 0)}`).join(" · ")}` : "";
}

function hold(input: HTMLInputElement, value: string, done: (to: string) => void): void {
  input.onchange = () => {
    if (input.value === input.defaultValue) return; // or Enter was pressed before the field was left
    input.defaultValue = input.value; // nobody is typing here any more
    done(input.value);
  };
  if (input.ariaInvalid === "true") return; // why stands below it
  if (document.activeElement !== input || input.value === input.defaultValue) input.value = input.defaultValue = value;
}

function field(id: string, label: string): HTMLInputElement {
  const input = html("input", { class: "in s", id, autocomplete: "off", "aria-label": label, title: label });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    input.dispatchEvent(new Event("change", { bubbles: true })); // the keyboard stays
  });
  return input;
}
