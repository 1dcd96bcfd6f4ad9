// Small conveniences of every page. Each finds its elements by a data attribute, also those that come later.

import { released } from "./key";

// ask asks before a form marked data-ask is sent.
export function ask(): void {
  document.addEventListener("submit", (event) => {
    const question = (event.target as HTMLElement).dataset.ask;
    if (question && !confirm(question)) event.preventDefault();
  });
}

// once keeps a form from being sent twice by a second press.
export function once(): void {
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || (event.target as HTMLFormElement).method === "get") return;
    const button = event.submitter as HTMLButtonElement | null;
    if (button) setTimeout(() => (button.disabled = true)); // after the form was read
  });
  addEventListener("pageshow", () => {
    for (const b of document.querySelectorAll<HTMLButtonElement>("form[method=post] button:disabled:not([data-off])")) b.disabled = false;
  });
}

// copies lets a button marked data-copy put a field's text on the clipboard.
export function copies(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-copy]");
    const field = button && document.querySelector<HTMLInputElement>(button.dataset.copy ?? "");
    if (!button || !field) return;
    field.select();
    const done = (): void => {
      const text = button.lastChild as Text;
      const before = text.data;
      text.data = button.dataset.done ?? before;
      setTimeout(() => (text.data = before), 2000);
    };
    // Without TLS there is no clipboard API; the old way still works on the selection.
    if (navigator.clipboard) void navigator.clipboard.writeText(field.value).then(done);
    else if (document.execCommand("copy")) done();
  });
}

// dialogs opens a dialog of the page in place of the link that leads to the same form as a page.
export function dialogs(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const link = target.closest<HTMLAnchorElement>("a[data-dialog]");
    const dialog = link && document.getElementById(link.dataset.dialog ?? "");
    if (dialog instanceof HTMLDialogElement && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      released(() => show(dialog));
    }
    if (target.closest("button[data-close]")) target.closest("dialog")?.close();
  });
}

// show opens a dialog.
export function show(dialog: HTMLDialogElement): void {
  if (!dialog.open) dialog.showModal();
}

// scrollers lets the keyboard reach boxes that scroll, also those that come, grow or are opened later.
export function scrollers(): void {
  let asked = 0;
  const look = (): void => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      document.querySelectorAll<HTMLElement>(".tbl-box, .dlg-b, .tabs, .nav").forEach(reach);
    });
  };
  look();
  addEventListener("resize", look);
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributeFilter: ["hidden", "open"] });
}

const slack = 4; // of letters that reach out of a line, in pixels

// reach makes a box that scrolls a stop of Tab, under the name of what it belongs to.
function reach(box: HTMLElement): void {
  if (box.scrollWidth <= box.clientWidth && box.scrollHeight <= box.clientHeight + slack) {
    box.removeAttribute("tabindex");
    return;
  }
  box.tabIndex = 0;
  if (box.role || !(box instanceof HTMLDivElement)) return;
  box.role = "group";
  box.ariaLabel = box.closest("figure, section, dialog")?.querySelector("h1, h2, h3, figcaption")?.textContent?.trim() || document.title;
}
