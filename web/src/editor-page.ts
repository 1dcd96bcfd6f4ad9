// The parts of the page that the server draws: they are replaced where they changed, and problems in them are gone to.

import { replace } from "./editor-around";
import { patch } from "./editor-patch";
import { refused } from "./editor-refused";
import type { State } from "./editor-state";

// renew replaces the parts of the page that changed. The field that the keyboard is in stays, and so does what was refused.
// What was planned stays, marked, while the document has mistakes; the form stays where there are newer edits already, which
// it shows and the answer doesn't.
export function renew(page: Document, behind: boolean): void {
  const wrong = page.querySelector("#wrong li") !== null;
  for (const old of document.querySelectorAll<HTMLElement>("[data-check]")) {
    const now = page.getElementById(old.id);
    if (!now || old.isEqualNode(now)) continue;
    if (old.dataset.keep !== undefined && wrong && old.querySelector("dl") && !now.querySelector("dl")) {
      old.classList.add("stale");
      continue;
    }
    if (behind && old.closest('[data-pane="form"]')) continue;
    const restore = refused(old);
    restore(old.dataset.keep === undefined ? replace(old, document.importNode(now, true)) : patch(old, now));
  }
}

// typing is what fields hold by their id that the document has not been told, or doesn't take.
export function typing(form: HTMLElement): Record<string, string> {
  const fields = [...form.querySelectorAll<HTMLInputElement>("input[id]:not([type=checkbox], [type=file])")];
  return Object.fromEntries(fields.filter((f) => f.value !== f.defaultValue).map((f) => [f.id, f.value]));
}

// retype types it again.
export function retype(typed: Record<string, string>): void {
  for (const [id, text] of Object.entries(typed)) {
    const field = document.getElementById(id);
    if (!(field instanceof HTMLInputElement) || field.disabled) continue;
    field.value = text;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

// goTo brings the keyboard to the field of a problem in the form; false where there is none.
export function goTo(field: string, state: State, choose: (schedule: string) => void): boolean {
  const schedule = state.schedules?.find((s) => field === `schedules.${s.name}` || field.startsWith(`schedules.${s.name}.`));
  if (schedule) choose(schedule.name);
  const wanted = schedule ? document.querySelector<HTMLElement>('[data-stages] [aria-invalid="true"]') : byPath(field);
  const target = wanted ?? (schedule ? document.getElementById(field === `schedules.${schedule.name}` ? "arm-name" : "arm-label") : null);
  target?.scrollIntoView({ block: "center" });
  target?.focus({ preventScroll: true });
  return target !== null;
}

function byPath(field: string): HTMLElement | null {
  if (!field) return null; // of the text as a whole
  const list = /^(sources|tasks)\[(\d+)\]/.exec(field);
  if (list) return document.querySelector<HTMLElement>(`[data-list="${list[1]}"][data-index="${list[2]}"]`);
  const path = field.replace(/[.[]/g, "/").replace(/\]/g, "");
  for (let at = path; at.includes("/"); at = at.slice(0, at.lastIndexOf("/"))) {
    const found = named(at);
    if (found) return found;
  }
  return named(path) ?? document.querySelector<HTMLElement>(`[data-path^="${CSS.escape(path)}/"], [data-list^="${CSS.escape(path)}/"]`);
}

// named is the field of a path; of several, one that is marked as wrong.
function named(path: string): HTMLElement | null {
  const fields = [...document.querySelectorAll<HTMLElement>(`[data-path="${CSS.escape(path)}"]`)];
  return fields.find((f) => f.ariaInvalid === "true") ?? fields[0] ?? null;
}
