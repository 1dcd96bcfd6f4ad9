// Changing the language loads a page again: the links lead to where the browser is by now, what is typed in forms comes
// along, and what is shown only once is asked about first.

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const key = "haigo.typed";
const typed = "main form[method=post]:not([data-editor]) :is(input:not([type=hidden], [type=password], [type=file]), select, textarea)[name]";

export function languages(): void {
  retype();
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>(".lang a");
    if (!link) return;
    const question = document.querySelector<HTMLElement>("[data-once]")?.dataset.once;
    if (question && !confirm(question)) return event.preventDefault();
    const answer = link.pathname !== location.pathname; // to a form that was sent: all of it was typed
    if (!answer) link.href = here(link.lang);
    const kept = fields().filter((f) => answer || changed(f)).map((f) => [name(f), value(f)]);
    if (kept.length) sessionStorage.setItem(key, JSON.stringify(kept));
  });
}

function here(lang: string): string {
  const url = new URL(location.href);
  url.searchParams.set("lang", lang);
  return url.href;
}

const fields = (): Field[] => [...document.querySelectorAll<Field>(typed)];

// name tells fields of one page from each other, in either language.
function name(field: Field): string {
  const same = fields().filter((f) => f.name === field.name && f.form?.getAttribute("action") === field.form?.getAttribute("action"));
  return [field.form?.getAttribute("action"), field.name, same.indexOf(field)].join(" ");
}

const ticked = (field: Field): field is HTMLInputElement => field instanceof HTMLInputElement && /^(checkbox|radio)$/.test(field.type);

const value = (field: Field): string | boolean => (ticked(field) ? field.checked : field.value);

function changed(field: Field): boolean {
  if (ticked(field)) return field.checked !== field.defaultChecked;
  if (!(field instanceof HTMLSelectElement)) return field.value !== field.defaultValue;
  return field.selectedIndex !== Math.max(0, [...field.options].findIndex((o) => o.defaultSelected));
}

// retype puts what was typed before the language was changed back where it stood.
function retype(): void {
  const kept = new Map(JSON.parse(sessionStorage.getItem(key) ?? "[]") as [string, string | boolean][]);
  sessionStorage.removeItem(key);
  if (!kept.size) return;
  for (const field of fields()) {
    const was = kept.get(name(field));
    if (typeof was === "boolean" && ticked(field)) field.checked = was;
    else if (typeof was === "string") field.value = was;
  }
}
