// The document as text: an area with numbered lines. What was written there is changed by the form's edits only.

export interface Text {
  value(): string;
  put(text: string): void;
  number(): void;
}

// text watches the area of a form and calls changed a moment after the last keystroke, never while a word is composed.
export function text(form: HTMLFormElement, changed: () => void): Text {
  const area = form.querySelector("textarea")!;
  const margin = form.querySelector<HTMLElement>(".lines")!;
  let composing = false;
  const number = (): void => numbered(area, margin);
  area.addEventListener("compositionstart", () => (composing = true));
  area.addEventListener("compositionend", () => {
    composing = false;
    changed();
  });
  area.addEventListener("input", () => {
    number();
    if (!composing) changed();
  });
  area.addEventListener("scroll", () => (margin.scrollTop = area.scrollTop));
  area.addEventListener("keydown", (event) => indent(event, area));
  take(form, area);
  number();
  return {
    value: () => area.value,
    put(document): void {
      if (area.value === document || composing) return;
      const { selectionStart, selectionEnd, scrollTop } = area;
      area.value = document;
      area.setSelectionRange(selectionStart, selectionEnd);
      area.scrollTop = scrollTop;
      number();
    },
    number,
  };
}

// numbered writes the margin, with the lines that have a problem marked.
function numbered(area: HTMLTextAreaElement, margin: HTMLElement): void {
  const bad = new Set([...document.querySelectorAll<HTMLElement>("#problems [data-line]")].map((e) => Number(e.dataset.line)));
  const count = area.value.split("\n").length;
  margin.replaceChildren(
    ...Array.from({ length: count }, (_, i) => {
      const line = document.createElement("span");
      line.textContent = `${i + 1}\n`;
      if (bad.has(i + 1)) line.className = "e";
      return line;
    }),
  );
  margin.scrollTop = area.scrollTop;
}

// indent lets Tab write two spaces; after Escape it moves on as everywhere else.
let leaving = false;
function indent(event: KeyboardEvent, area: HTMLTextAreaElement): void {
  if (event.key === "Escape") {
    leaving = true;
    return;
  }
  if (event.key === "Tab" && !event.shiftKey && !leaving && !event.isComposing) {
    event.preventDefault();
    area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input"));
  }
  leaving = false;
}

// take fills the area with a file that is chosen or dropped on it.
function take(form: HTMLFormElement, area: HTMLTextAreaElement): void {
  const read = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    area.value = await file.text();
    area.dispatchEvent(new Event("input"));
  };
  const chooser = form.querySelector<HTMLInputElement>("input[type=file]");
  chooser?.addEventListener("change", (event) => {
    event.stopPropagation();
    void read(chooser.files?.[0]);
    chooser.value = "";
  });
  const frame = area.closest<HTMLElement>(".editor") ?? area;
  for (const type of ["dragover", "dragleave", "drop"] as const) {
    frame.addEventListener(type, (event) => {
      event.preventDefault();
      frame.classList.toggle("drop", type === "dragover");
      if (type === "drop") void read(event.dataTransfer?.files[0]);
    });
  }
}
