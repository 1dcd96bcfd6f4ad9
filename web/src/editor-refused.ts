// What a field holds that isn't taken: the document keeps what it has, the field says why, nothing is launched before it
// is mended, and it stays so when the part of the page around it is drawn anew.

import { html } from "./element";

interface Refused {
  id: string;
  text: string;
  instead: string; // what the document has there
  why: string; // empty: it is being mended
  note: Element | undefined;
}

// refuse says below a field why what stands in it isn't taken: of a table, in a row of its own.
export function refuse(field: HTMLInputElement | HTMLSelectElement, why: string): void {
  const id = `${field.id}-e`;
  clear(id);
  const said = html("p", { class: "err", id, role: "alert" }, why);
  const row = field.closest("tr");
  place(field, row ? html("tr", { class: "sep" }, html("td", {}), html("td", { class: "msg", colspan: row.cells.length - 1 }, said)) : said);
  mark(field, why);
}

function place(field: HTMLElement, note: Element): void {
  (field.closest("tr") ?? field.closest(".unit") ?? field).after(note);
}

// accept takes back what was said of a field that holds what the document has.
export function accept(field: HTMLInputElement | HTMLSelectElement): void {
  if (field.dataset.refused === undefined) return;
  clear(`${field.id}-e`);
  delete field.dataset.refused;
  field.setCustomValidity("");
  field.removeAttribute("aria-invalid");
  field.removeAttribute("aria-describedby");
}

function mark(field: HTMLInputElement | HTMLSelectElement, why: string): void {
  field.dataset.refused = "";
  field.setCustomValidity(why);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", `${field.id}-e`);
  field.addEventListener("input", () => field.setCustomValidity(""), { once: true });
}

function clear(id: string): void {
  const said = document.getElementById(id);
  (said?.closest("tr") ?? said)?.remove();
}

// refused remembers what the fields of a part hold that the document doesn't, and puts it back into the part as it is then;
// not over another value of the document.
export function refused(part: HTMLElement): (now: HTMLElement) => void {
  const kept = [...part.querySelectorAll<HTMLInputElement>("input[data-refused]")]
    .filter((field) => field.id && field.value !== field.defaultValue)
    .map((field): Refused => {
      const note = document.getElementById(`${field.id}-e`);
      const why = field.validity.customError ? field.validationMessage : "";
      return { id: field.id, text: field.value, instead: field.defaultValue, why, note: note?.closest("tr") ?? note ?? undefined };
    });
  return (now) => kept.forEach((field) => restore(now, field));
}

function restore(part: HTMLElement, { id, text, instead, why, note }: Refused): void {
  const field = part.querySelector<HTMLInputElement>("#" + CSS.escape(id));
  if (field?.defaultValue !== instead) return;
  field.value = text;
  mark(field, why);
  if (note) place(field, note);
}
