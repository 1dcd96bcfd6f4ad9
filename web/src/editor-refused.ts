// What a field holds that isn't taken: it stays, with what is said of it, when the part of the page around it is drawn anew.

interface Refused {
  id: string;
  text: string;
  instead: string; // what the document has there
  why: string; // keeps the form from being sent; empty: nothing does
  note: Element | undefined;
}

// refused remembers what the fields of a part hold that the document doesn't, and puts it back into the part as it is then;
// not over another value of the document.
export function refused(part: HTMLElement): (now: HTMLElement) => void {
  const kept = [...part.querySelectorAll<HTMLInputElement>('input[aria-invalid="true"]:not([type=checkbox])')]
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
  field.setAttribute("aria-invalid", "true");
  field.setCustomValidity(why);
  field.addEventListener("input", () => field.setCustomValidity(""), { once: true });
  if (!note) return;
  field.setAttribute("aria-describedby", `${id}-e`);
  (note.matches("tr") ? field.closest("tr") : field)?.after(note);
}
