// The form's plain fields: each names the path of its value in the document, and a change of it is an edit there.

import { held, list, typed, Unclear, type Value } from "./editor-number";
import { accept, refuse } from "./editor-refused";
import { t, type Edit, type State } from "./editor-state";

// fields calls change with the edits of every field of root that is changed.
export function fields(root: HTMLElement, state: () => State, change: (edits: Edit[], key: string) => void): void {
  const take = (field: HTMLInputElement | HTMLSelectElement): void => {
    const text = field.dataset.path !== undefined && field instanceof HTMLInputElement && field.type !== "checkbox";
    if (text && field.value === field.defaultValue) return accept(field); // or Enter was pressed before the field was left
    try {
      made(field);
    } catch (error) {
      if (error instanceof Unclear) refuse(field, t(error.key, { a: error.text }));
      else throw error;
      return;
    }
    if (!text) return;
    field.defaultValue = field.value; // nobody is typing here any more
    accept(field);
  };
  const made = (field: HTMLInputElement | HTMLSelectElement): void => {
    if (field.dataset.part && field.dataset.part !== "zone") change(recurring(field, state()), "recurrence");
    else if (field.dataset.items !== undefined) change([...instead(field), ...values(field)], field.dataset.path ?? "");
    else if (field.dataset.path) change([...instead(field), edit(field)], field.dataset.path);
    else if (field.dataset.list) change(listed(field as HTMLInputElement, state()), field.dataset.list);
  };
  root.addEventListener("change", (event) => {
    const field = event.target as HTMLInputElement | HTMLSelectElement;
    if (field.type !== "time" || field !== document.activeElement) take(field);
  });
  // A time changes with every digit of it: it is taken when it is left.
  root.addEventListener("focusout", (event) => {
    const field = event.target as HTMLElement;
    if (field instanceof HTMLInputElement && field.type === "time") take(field);
  });
  // Enter takes a field's value; it never sends the form.
  root.addEventListener("keydown", (event) => {
    const field = event.target as HTMLElement;
    if (event.key !== "Enter" || event.isComposing || !(field instanceof HTMLInputElement)) return;
    event.preventDefault();
    if (field.type === "checkbox") return;
    if (field.value === field.defaultValue && field.dataset.refused === undefined) return;
    if (field.closest("[data-stages]")) field.dispatchEvent(new Event("change", { bubbles: true })); // the table reads its own
    else take(field);
  });
}

// edit puts the field's value into the document; an empty one is taken out of it.
function edit(field: HTMLInputElement | HTMLSelectElement): Edit {
  const path = (field.dataset.path ?? "").split("/");
  const on = !(field instanceof HTMLInputElement && field.type === "checkbox" && !field.checked);
  const value = on ? typed(field.value, field.dataset.kind ?? "") : "";
  return value === "" ? { op: path[0] === "question" ? "set" : "remove", path, value } : { op: "set", path, value };
}

// recurring lets the document start again and again, in the zone of whoever asks for it first; or no more.
function recurring(field: HTMLInputElement | HTMLSelectElement, state: State): Edit[] {
  const part = (name: string, otherwise: string): string => field.closest("section")?.querySelector<HTMLInputElement | HTMLSelectElement>(`[data-part="${name}"]`)?.value.normalize("NFKC").trim() ?? otherwise;
  const how = part("how", "");
  if (!how) return [{ op: "remove", path: ["recurrence"] }];
  const time = part("time", "22:00").split(":", 2).filter(Boolean).map(Number).reverse();
  const days = { day: "* * *", weekdays: "* * 1-5", week: `* * ${part("weekday", "6")}`, month: `${part("day", "1")} * *` }[how];
  if (!days) return []; // the line itself says it
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const edits: Edit[] = [{ op: "set", path: ["recurrence", "cron"], value: [...time, days].join(" ").trim() }]; // what was cleared is missing in it, too
  if (!state.recurs && timeZone) edits.push({ op: "set", path: ["recurrence", "zone"], value: timeZone });
  return edits;
}

// instead takes away what the document can't have beside the field's value.
function instead(field: HTMLInputElement | HTMLSelectElement): Edit[] {
  return field.dataset.instead && field.value.trim() ? [{ op: "remove", path: field.dataset.instead.split("/") }] : [];
}

// values changes a list to what the field says, value by value: those that stay keep their lines and their comments.
function values(field: HTMLInputElement | HTMLSelectElement): Edit[] {
  const path = (field.dataset.path ?? "").split("/");
  const kind = { shares: "share", range: "share", lengths: "tokens", shapes: "shape" }[field.dataset.kind ?? ""] ?? "number";
  const old = JSON.parse(field.dataset.items ?? "[]") as string[];
  const now = list(field.value, field.dataset.kind ?? "");
  if (field.dataset.kind === "range" && now.length === 1) now.push(now[0] ?? 0);
  if (!now.length) return old.length ? [{ op: "remove", path }] : [];
  if (!old.length) return [{ op: "set", path, value: now }];
  const same = (was: string | undefined, value: Value | undefined): boolean => was !== undefined && value !== undefined && said(held(was, kind)) === said(value);
  let first = 0;
  while (same(old[first], now[first])) first++;
  let last = 0;
  while (last < Math.min(old.length, now.length) - first && same(old.at(-1 - last), now.at(-1 - last))) last++;
  const [were, are] = [old.length - first - last, now.length - first - last];
  const out: Edit[] = [];
  for (let i = 0; i < Math.min(were, are); i++) out.push(...replaced([...path, `${first + i}`], held(old[first + i] ?? "", kind), now[first + i] ?? ""));
  for (let i = were; i < are; i++) out.push({ op: "insert", path: [...path, last ? `${first + i}` : "-"], value: now[first + i] });
  for (let i = were; i > are; i--) out.push({ op: "remove", path: [...path, `${first + i - 1}`] });
  return out;
}

// replaced puts a value in place of another; of two shapes, the numbers that differ.
function replaced(path: string[], was: Value, value: Value): Edit[] {
  if (typeof was !== "object" || typeof value !== "object") return [{ op: "set", path, value }];
  return Object.entries(value).flatMap(([key, n]) => (n === was[key] ? [] : [{ op: "set", path: [...path, key], value: n }]));
}

const said = (value: Value): string => JSON.stringify(value);

// listed adds a source or task to its list, or takes it out; a source that goes leaves every mixture, and what it had
// there is seen as missing.
function listed(field: HTMLInputElement, state: State): Edit[] {
  const list = field.dataset.list ?? "";
  const path = list.split("/");
  if (field.checked) return [{ op: "insert", path: [...path, "-"], value: field.value }];
  const out: Edit[] = [];
  const k = list === "sources" ? state.sources.findIndex((s) => s.name === field.value) : -1;
  for (const schedule of k < 0 ? [] : state.schedules) {
    schedule.stages.forEach((stage, i) => {
      if (stage.shares[k]) out.push({ op: "remove", path: ["schedules", schedule.name, "stages", `${i}`, "mixture", field.value] });
    });
  }
  return [...out, { op: "remove", path: [...path, field.dataset.index ?? ""] }];
}
