// A field that completes what is typed from a list, by mouse and by keyboard, as WAI-ARIA's combobox with a listbox has it.
// Text that an input method still composes is left alone.

import { html } from "./element";

export interface Source<T> {
  find(text: string): Promise<T[]>;
  show(item: T): (Node | string)[];
  choose(item: T): void;
  none: string; // said where nothing is found
}

const pause = 150; // after the last key, in milliseconds

export function combobox<T>(input: HTMLInputElement, list: HTMLElement, source: Source<T>): void {
  let items: T[] = [];
  let at = -1;
  let asked = 0;
  let timer = 0;
  const open = (is: boolean): void => {
    list.hidden = !is;
    input.setAttribute("aria-expanded", String(is));
    if (!is) point(-1);
  };
  const point = (i: number): void => {
    at = i;
    [...list.children].forEach((option, k) => option.setAttribute("aria-selected", String(k === i)));
    const option = list.children[i];
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  };
  const choose = (i: number): void => {
    const item = items[i];
    if (item === undefined) return;
    input.value = "";
    open(false);
    source.choose(item);
  };
  const ask = async (): Promise<void> => {
    const mine = ++asked;
    const found = await source.find(input.value.trim()).catch(() => []);
    if (mine !== asked || document.activeElement !== input) return;
    items = found;
    list.replaceChildren(...(found.length ? found.map((item, i) => html("li", { role: "option", id: `${list.id}-${i}`, "aria-selected": "false" }, ...source.show(item))) : [html("li", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, source.none)]));
    open(true);
    if (found.length && input.value.trim()) point(0);
  };
  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!(event as InputEvent).isComposing) timer = setTimeout(() => void ask(), pause);
  });
  input.addEventListener("compositionend", () => void ask());
  input.addEventListener("focus", () => void ask());
  input.addEventListener("blur", () => open(false));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const last = items.length - 1;
    const moves: Record<string, () => void> = {
      ArrowDown: () => (list.hidden ? void ask() : point(Math.min(last, at + 1))),
      ArrowUp: () => point(Math.max(0, at - 1)),
      Enter: () => choose(at),
      Escape: () => (list.hidden ? (input.value = "") : open(false)),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => choose([...list.children].indexOf((event.target as Element).closest("[role=option]") as Element)));
}
