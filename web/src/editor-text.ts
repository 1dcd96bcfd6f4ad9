// The document as text: an area over its painted lines, with their numbers beside. What was written there is changed by
// the form's edits only, and never while it waits to be read.

import { paint } from "./editor-paint";

export interface Text {
  value(): string;
  put(text: string): void; // not over what was typed since it was last read
  number(): void;
  readonly unread: boolean; // it holds more than was read
  flush(): void; // reads now what would be read in a moment
  show(line: number): void;
}

// shown is a document as an area holds it.
const shown = (document: string): string => document.replace(/\r\n?/g, "\n");

// ended is what an area holds, with the line ends of the document that it was.
export function ended(text: string, document: string): string {
  if (text === shown(document)) return document;
  return document.includes("\r\n") && !/(^|[^\r])\n/.test(document) ? text.replace(/\n/g, "\r\n") : text;
}

const pause = 60; // milliseconds without a keystroke before the text is read

// text watches the area of a form. It calls typed with every keystroke, and changed a moment after the last one, never while a
// word is composed.
export function text(form: HTMLFormElement, typed: () => void, changed: () => void): Text {
  const area = form.querySelector("textarea")!;
  const margin = form.querySelector<HTMLElement>(".lines")!;
  const paper = form.querySelector<HTMLElement>(".paint")!;
  let composing = false;
  let timer = 0; // not 0: typed, and not read yet
  const number = (): void => numbered(area, margin, paper);
  const flush = (): void => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    changed();
  };
  const wait = (): void => {
    number();
    clearTimeout(timer);
    timer = setTimeout(() => composing || flush(), pause);
    typed();
  };
  area.addEventListener("compositionstart", () => {
    composing = true;
    area.classList.add("composing");
  });
  area.addEventListener("compositionend", () => {
    composing = false;
    area.classList.remove("composing");
    wait();
  });
  area.addEventListener("input", wait);
  area.addEventListener("scroll", () => scrolled(area, margin, paper));
  area.addEventListener("keydown", (event) => indent(event, area));
  take(form, area);
  number();
  return {
    value: () => area.value,
    put(document): void {
      if (area.value === shown(document) || composing || timer) return;
      const { selectionStart, selectionEnd, selectionDirection } = area;
      const scrollTop = area.closest("[hidden]") ? undefined : area.scrollTop; // asking has the page laid out
      area.value = document;
      area.setSelectionRange(selectionStart, selectionEnd, selectionDirection);
      if (scrollTop !== undefined) area.scrollTop = scrollTop;
      number();
    },
    number,
    get unread(): boolean {
      return timer !== 0;
    },
    flush,
    show(line): void {
      const before = area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      const end = area.value.indexOf("\n", before);
      area.focus();
      area.setSelectionRange(before, end < 0 ? area.value.length : end);
      const height = parseFloat(getComputedStyle(area).lineHeight);
      area.scrollTop = Math.max(0, (line - 6) * height);
      margin.children[line - 1]?.scrollIntoView({ block: "nearest" });
    },
  };
}

// numbered writes the margin and paints the lines, with those marked that have a problem, where they can be seen.
function numbered(area: HTMLTextAreaElement, margin: HTMLElement, paper: HTMLElement): void {
  if (area.closest("[hidden]")) return;
  const wrong = new Map<number, string>();
  for (const e of document.querySelectorAll<HTMLElement>("#problems [data-line]")) {
    const line = Number(e.dataset.line);
    wrong.set(line, [wrong.get(line), e.querySelector(".said")?.textContent ?? ""].filter(Boolean).join(" "));
  }
  const count = area.value.split("\n").length;
  area.rows = Math.min(64, Math.max(20, count));
  margin.replaceChildren(
    ...Array.from({ length: count }, (_, i) => {
      const line = document.createElement("span");
      line.textContent = `${i + 1}`;
      if (wrong.has(i + 1)) line.className = "e";
      return line;
    }),
  );
  paint(paper, area.value, wrong);
  scrolled(area, margin, paper);
}

function scrolled(area: HTMLTextAreaElement, margin: HTMLElement, paper: HTMLElement): void {
  margin.scrollTop = paper.scrollTop = area.scrollTop;
  paper.scrollLeft = area.scrollLeft;
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
