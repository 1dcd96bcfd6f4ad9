// The sweep file's editor: a text area with line numbers. Every pause in typing asks the server what the document would
// run, and its answer replaces the parts marked data-check; what was written is never touched.

const settle = 400; // milliseconds without a keystroke before the document is checked

export function edit(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-editor]");
  const area = form?.querySelector("textarea");
  const lines = form?.querySelector<HTMLElement>(".lines");
  if (!form || !area || !lines) return;
  const changed = debounced(() => check(form, () => number(area, lines)), settle);
  let composing = false;
  area.addEventListener("compositionstart", () => (composing = true));
  area.addEventListener("compositionend", () => {
    composing = false;
    changed();
  });
  area.addEventListener("input", () => {
    number(area, lines);
    if (!composing) changed();
  });
  area.addEventListener("scroll", () => (lines.scrollTop = area.scrollTop));
  area.addEventListener("keydown", (event) => indent(event, area));
  take(form, area, () => area.dispatchEvent(new Event("input")));
  keep(area, changed);
  number(area, lines);
}

// keep lets what is written outlive a change of language, in this tab alone.
function keep(area: HTMLTextAreaElement, changed: () => void): void {
  const draft = sessionStorage.getItem("draft");
  sessionStorage.removeItem("draft");
  if (draft !== null && draft !== area.value) {
    area.value = draft;
    changed();
  }
  for (const link of document.querySelectorAll(".lang a")) link.addEventListener("click", () => sessionStorage.setItem("draft", area.value));
}

// number writes the margin, with the lines that have a problem marked.
function number(area: HTMLTextAreaElement, margin: HTMLElement): void {
  const bad = new Set([...document.querySelectorAll<HTMLElement>("[data-line]")].map((e) => Number(e.dataset.line)));
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

let asked = 0;

// check sends the document and shows the answer, unless a newer question was asked meanwhile.
async function check(form: HTMLFormElement, shown: () => void): Promise<void> {
  const question = ++asked;
  try {
    const answer = await fetch("/new/check", { method: "POST", body: new URLSearchParams(new FormData(form) as never) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (question !== asked) return;
    for (const old of document.querySelectorAll<HTMLElement>("[data-check]")) {
      const now = page.getElementById(old.id);
      if (now && !old.isEqualNode(now)) old.replaceWith(document.importNode(now, true));
    }
    shown();
  } catch {
    // The server can't be reached: the last answer stays, and the next keystroke asks again.
  }
}

function debounced(work: () => Promise<void>, wait: number): () => void {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => void work(), wait);
  };
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
function take(form: HTMLFormElement, area: HTMLTextAreaElement, done: () => void): void {
  const read = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    area.value = await file.text();
    done();
  };
  const chooser = form.querySelector<HTMLInputElement>("input[type=file]");
  chooser?.addEventListener("change", () => {
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
