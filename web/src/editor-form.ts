// The form's plain fields: each names the path of its value in the document, and a change of it is an edit there.

import type { Edit, State } from "./editor-state";

// fields calls change with the edits of every field of root that is changed.
export function fields(root: HTMLElement, state: () => State, change: (edits: Edit[], key: string) => void): void {
  const take = (field: HTMLInputElement | HTMLSelectElement): void => {
    const text = field.dataset.path !== undefined && field instanceof HTMLInputElement && field.type !== "checkbox";
    if (text && field.value === field.defaultValue) return; // Enter was pressed before the field was left
    if (text) field.defaultValue = field.value; // nobody is typing here any more
    if (field.dataset.part && field.dataset.part !== "zone") change(recurring(field, state()), "recurrence");
    else if (field.dataset.path) change([edit(field)], field.dataset.path);
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
    if (event.key !== "Enter" || event.isComposing || !(field instanceof HTMLInputElement) || field.type === "checkbox") return;
    event.preventDefault();
    if (field.value !== field.defaultValue) take(field);
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
  const part = (name: string): string => field.closest("section")?.querySelector<HTMLInputElement | HTMLSelectElement>(`[data-part="${name}"]`)?.value.normalize("NFKC").trim() ?? "";
  if (!part("how")) return [{ op: "remove", path: ["recurrence"] }];
  const [hour = 22, minute = 0] = part("time").split(":", 2).filter(Boolean).map(Number);
  const days = { day: "* * *", weekdays: "* * 1-5", week: `* * ${part("weekday") || 6}`, month: `${part("day") || 1} * *` }[part("how")];
  if (!days) return []; // the line itself says it
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const edits: Edit[] = [{ op: "set", path: ["recurrence", "cron"], value: `${minute} ${hour} ${days}` }];
  if (!state.recurs && timeZone) edits.push({ op: "set", path: ["recurrence", "zone"], value: timeZone });
  return edits;
}

const myriads: Record<string, number> = { 万: 1e4, 億: 1e8, 兆: 1e12 };

// typed is text as the document has it: numbers with ASCII digits, 2.4億 as 240M.
function typed(text: string, kind: string): string | number {
  if (kind === "text") return text;
  const plain = text.normalize("NFKC").trim();
  if (kind === "name" || kind === "time") return plain;
  const [, digits, myriad] = /^([\d.,]+)([万億兆])?(?:トークン|円)?$/.exec(plain) ?? [];
  if (!digits) return plain.replace(/,/g, "");
  const number = Number(digits.replace(/,/g, "")) * (myriads[myriad ?? ""] ?? 1);
  return kind === "tokens" && myriad ? scaled(number) : Number.isFinite(number) ? number : plain;
}

// scaled is a number of tokens as the document writes it.
function scaled(tokens: number): string {
  for (const [unit, size] of [["T", 1e12], ["B", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
    if (tokens >= size) return `${Math.round((tokens / size) * 1e6) / 1e6}${unit}`;
  }
  return `${tokens}`;
}

// listed adds a source or task to its list, or takes it out; a source that goes leaves every mixture, and what it had
// there is seen as missing.
function listed(field: HTMLInputElement, state: State): Edit[] {
  const list = field.dataset.list ?? "";
  if (field.checked) return [{ op: "insert", path: [list, "-"], value: field.value }];
  const out: Edit[] = [];
  const k = list === "sources" ? state.sources.findIndex((s) => s.name === field.value) : -1;
  for (const schedule of k < 0 ? [] : state.schedules) {
    schedule.stages.forEach((stage, i) => {
      if (stage.shares[k]) out.push({ op: "remove", path: ["schedules", schedule.name, "stages", `${i}`, "mixture", field.value] });
    });
  }
  return [...out, { op: "remove", path: [list, field.dataset.index ?? ""] }];
}
