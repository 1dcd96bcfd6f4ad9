// The page that compares: every control leads to an address, which is fetched and shown in place of the page's parts, and
// stands in the browser's history. The server makes all of it; without this script the controls are links and forms.

import { html } from "./element";
import { draw } from "./figure";
import { combobox } from "./combobox";
import { renew } from "./live";
import { measure, say, type Label, type Lang } from "./format";

const lang: Lang = document.documentElement.lang === "en" ? "en" : "ja";
const page = "/compare";

interface Found {
  sweep: string;
  arm: string;
  label: Label;
  runs: number;
}

export function compare(): void {
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("main a[href]");
    if (!link || link.pathname !== page || link.download || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    void go(link.href);
  });
  document.addEventListener("change", (event) => {
    const control = event.target as HTMLInputElement | HTMLSelectElement;
    if (control.dataset.go) void go(control.dataset.go);
    else if (control.dataset.goValue !== undefined && control.value) void go(control.value);
    else if (control.form?.dataset.view !== undefined) look(control.form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (form.dataset.view === undefined) return;
    event.preventDefault();
    look(form);
  });
  document.addEventListener("zoom", (event) => {
    event.preventDefault();
    const { detail: frame } = event as CustomEvent<{ from: number; to: number } | undefined>;
    const url = new URL(location.href);
    for (const [name, value] of [["from", frame?.from], ["to", frame?.to]] as const) {
      if (value) url.searchParams.set(name, String(value));
      else url.searchParams.delete(name);
    }
    void go(url.href);
  });
  addEventListener("popstate", () => void show());
  search();
  copying();
}

// go shows an address in place of this one.
async function go(address: string): Promise<void> {
  const url = new URL(address, location.href);
  if (url.href !== location.href) history.pushState(null, "", url);
  await show();
}

let asked = 0;

// show makes the page what its address says. Of several addresses in quick succession the last one counts.
async function show(): Promise<void> {
  const mine = ++asked;
  document.body.setAttribute("aria-busy", "true");
  const done = await renew({ all: true, wanted: () => mine === asked }).catch(() => false);
  if (mine !== asked) return;
  document.body.removeAttribute("aria-busy");
  if (done) draw(document);
  else location.reload(); // the server says why, or the browser does
}

// look reads the fields of the view; what isn't a number stays in its field and is said beside it. A field that nobody
// touched says in short what the address says exactly, so it changes nothing there.
function look(form: HTMLFormElement): void {
  const fields = [...form.querySelectorAll<HTMLInputElement>("input:not([type=hidden])")];
  const values = fields.map((f) => (f.value.trim() ? measure(f.value) : 0));
  fields.forEach((f, i) => f.setAttribute("aria-invalid", String(Number.isNaN(values[i]))));
  const problem = form.querySelector<HTMLElement>("[role=alert]");
  const wrong = values.some(Number.isNaN);
  if (problem) problem.textContent = wrong ? (problem.dataset.what ?? "") : "";
  if (wrong) return;
  const url = new URL(location.href);
  fields.forEach((f, i) => {
    if (f.value === f.defaultValue) return;
    if (values[i]) url.searchParams.set(f.name, String(values[i]));
    else url.searchParams.delete(f.name);
  });
  void go(url.href);
}

// search completes arms as they are typed and adds the one that is chosen.
function search(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-find]");
  const input = form?.querySelector<HTMLInputElement>("[role=combobox]");
  const list = form?.querySelector<HTMLElement>("[role=listbox]");
  if (!form || !input || !list) return;
  const { none = "", runs = "", there = "" } = form.dataset;
  const name = (f: Found): string => `${f.sweep}/${f.arm}`;
  const added = (f: Found): boolean => new URL(location.href).searchParams.getAll("arm").includes(name(f));
  combobox<Found>(input, list, {
    find: async (text) => {
      const answer = await fetch(`${form.dataset.find}?limit=12&q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
      return answer.ok ? ((await answer.json()) as { items: Found[] }).items : [];
    },
    show: (f) => [
      html("b", {}, say(f.label, lang) || f.arm),
      html("span", {}, [name(f), runs.replace("{n}", String(f.runs)), added(f) && there].filter(Boolean).join(" · ")),
    ],
    none,
    choose: (f) => {
      const url = new URL(location.href);
      if (!added(f)) url.searchParams.append("arm", name(f));
      void go(url.href);
    },
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || (event.target as Element).closest("input, textarea, select")) return;
    event.preventDefault();
    input.focus();
  });
}

// copying wakes the button that copies the address. Without TLS there is no clipboard, and the browser's own field serves.
function copying(): void {
  const button = document.querySelector<HTMLButtonElement>("[data-copy-address]");
  const text = button?.querySelector("span");
  if (!button || !text || !navigator.clipboard) return;
  const before = text.textContent;
  button.hidden = false;
  button.addEventListener("click", () => {
    void navigator.clipboard.writeText(location.href).then(() => {
      text.textContent = button.dataset.done ?? before;
      setTimeout(() => (text.textContent = before), 2000);
    });
  });
}
