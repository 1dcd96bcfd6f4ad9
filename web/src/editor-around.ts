// A part of the page takes another's place around the field that the keyboard is in: that field stays in the page, with what
// is typed or composed in it, what is selected, and the list that it has open.

type Field = HTMLInputElement | HTMLSelectElement;

// replace puts now where old is, and returns which of both stands there. Of what had the focus, all but a field passes it on
// to what has its id.
export function replace(old: HTMLElement, now: HTMLElement): HTMLElement {
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const twin = active && same(active, now);
  if (isField(active) && isField(twin) && way(old, active) === way(now, twin)) {
    around(old, now, active, twin);
    return old;
  }
  old.replaceWith(now);
  if (active?.id) document.getElementById(active.id)?.focus({ preventScroll: true });
  return now;
}

const isField = (e: Element | null): e is Field => e instanceof HTMLSelectElement || (e instanceof HTMLInputElement && e.type !== "checkbox");

// same is the element of a part that has another's id, or without one its name.
function same(as: Element, part: Element): Element | null {
  if (as.id) return part.querySelector("#" + CSS.escape(as.id));
  const name = as.getAttribute("name");
  return name ? part.querySelector(`[name="${CSS.escape(name)}"]`) : null;
}

// way is what leads from a part down to an element of it.
function way(part: Element, e: Element): string {
  const steps: string[] = [];
  for (let at: Element | null = e; at && at !== part; at = at.parentElement) steps.push(at.tagName);
  return steps.join(" ");
}

// around makes old what now is, but for the field.
function around(old: Element, now: Element, field: Field, twin: Field): void {
  if (old === field) return take(field, twin);
  dress(old, now);
  const [kept, gone] = [towards(old, field), towards(now, twin)];
  for (const child of [...old.childNodes]) if (child !== kept) child.remove();
  const children = [...now.childNodes];
  const at = children.indexOf(gone);
  kept.before(...children.slice(0, at));
  kept.after(...children.slice(at + 1));
  around(kept, gone, field, twin);
}

const towards = (from: Element, to: Element): Element => [...from.children].find((child) => child.contains(to))!;

// dress gives an element the attributes of another.
function dress(old: Element, now: Element, but = ""): void {
  for (const { name } of [...old.attributes]) if (name !== but && !now.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of now.attributes) if (name !== but && old.getAttribute(name) !== value) old.setAttribute(name, value);
}

// take gives a field what the document has there; what is being typed stays, unless it was refused and the document has
// another value since.
function take(field: Field, twin: Field): void {
  if (field instanceof HTMLSelectElement || twin instanceof HTMLSelectElement) return choose(field as HTMLSelectElement, twin as HTMLSelectElement);
  const other = field.defaultValue !== twin.defaultValue;
  const typing = field.value !== field.defaultValue && !(other && field.validity.customError);
  dress(field, twin, "value");
  if (!other) return;
  const { selectionStart: start, selectionEnd: end, selectionDirection: direction } = field;
  const length = field.value.length;
  field.defaultValue = twin.defaultValue;
  if (typing) return;
  field.value = twin.value;
  const moved = (at: number): number => (at === length ? field.value.length : at); // what was at the end stays there
  if (start !== null && end !== null) field.setSelectionRange(moved(start), moved(end), direction ?? "none");
}

function choose(field: HTMLSelectElement, twin: HTMLSelectElement): void {
  const { value } = twin;
  dress(field, twin);
  if ([...field.children].some((option, i) => !option.isEqualNode(twin.children[i] ?? null)) || field.children.length !== twin.children.length) field.replaceChildren(...twin.children);
  if (field.value !== value) field.value = value;
}
