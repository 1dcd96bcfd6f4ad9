// A part of the page becomes what the server draws now by changing no more than what differs: what stays needs no new layout, and
// keeps the keyboard's focus and what was opened in it.

import { replace } from "./editor-around";

// patch makes old what now is, leaves what is equal in the page, and returns what stands there.
export function patch(old: HTMLElement, now: HTMLElement): HTMLElement {
  if (!alike(old, now)) return replace(old, document.importNode(now, true));
  const next = [...now.children];
  [...old.children].forEach((child, i) => {
    const twin = next[i]!;
    if (child.isEqualNode(twin)) return;
    if (child instanceof HTMLElement && twin instanceof HTMLElement) patch(child, twin);
    else child.replaceWith(document.importNode(twin, true));
  });
  return old;
}

// alike is whether two elements differ at most in what their children, as many of the same kinds, are like.
function alike(a: Element, b: Element): boolean {
  return a.childElementCount > 0 && a.cloneNode().isEqualNode(b.cloneNode()) && kinds(a) === kinds(b);
}

const kinds = (e: Element): string => [...e.childNodes].map((n) => (n instanceof Element ? n.tagName : n.textContent?.trim())).join("\n");
