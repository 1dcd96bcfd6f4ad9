// What a tab remembers of a document that is being written: it outlives a reload, a change of language and a look at
// another page. The browser remembers the last one of all tabs, for when its tab was closed.

import { read, type Edit, type State } from "./editor-state";

export interface Draft {
  at: string; // the address it was begun at
  document: string;
  view: "form" | "yaml";
  arm: string;
  edits?: Edit[]; // of the document, that the server hasn't answered
  typed?: Record<string, string>; // what fields hold by their id, that aren't left yet or were refused
}

const key = "haigo.draft";
const launching = "haigo.draft.launching";
const moving = "haigo.draft.moving"; // the language is being changed

const here = (): string => new URLSearchParams([...new URLSearchParams(location.search)].filter(([name]) => name !== "lang")).toString();

let own = false; // what is remembered was written on this page
let sent = false; // and is on its way to be launched

// keep remembers what is written. What the page began with isn't worth it, and leaves alone what was written before.
export function keep(draft: Omit<Draft, "at">, begun: string | undefined): void {
  sent = false;
  const written = draft.document !== begun || Boolean(draft.edits?.length) || Object.keys(draft.typed ?? {}).length > 0;
  if (!written && !own) return;
  own = written;
  if (!own) return forget();
  const text = JSON.stringify({ ...draft, at: here() });
  for (const storage of [sessionStorage, localStorage]) storage.setItem(key, text);
}

// leave remembers what is written as the page is left, unless it was sent off.
export function leave(draft: Omit<Draft, "at">, begun: string | undefined): void {
  if (!sent) keep(draft, begun);
}

function forget(): void {
  if (localStorage.getItem(key) === sessionStorage.getItem(key)) localStorage.removeItem(key); // else another tab's
  sessionStorage.removeItem(key);
}

// launch remembers what is sent off, until the page of what it started is there.
export function launch(draft: Omit<Draft, "at">): void {
  keep(draft, undefined);
  sent = true;
  sessionStorage.setItem(launching, "");
}

// refused is whether a page that begins so came in place of that one.
export function refused(begun: string): boolean {
  const launched = sessionStorage.getItem(launching) !== null;
  sessionStorage.removeItem(launching);
  return launched && kept(sessionStorage.getItem(key))?.document === begun;
}

// arrived forgets what was launched, on the page that its launch was redirected to.
export function arrived(): void {
  const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  if (sessionStorage.getItem(launching) === null || !entry?.redirectCount || !/^\/(sweeps|recurrences)\/./.test(location.pathname)) return;
  sessionStorage.removeItem(launching);
  forget();
}

const kept = (text: string | null): Draft | undefined => JSON.parse(text ?? "null") ?? undefined;

// last is what was written in this tab, wherever it was begun; in a tab where nothing was, the last in any.
export function last(): Draft | undefined {
  return kept(sessionStorage.getItem(key) ?? localStorage.getItem(key));
}

// recalled is what was written on this very page before it was loaded again.
export function recalled(): Draft | undefined {
  const moved = sessionStorage.getItem(moving) !== null;
  sessionStorage.removeItem(moving);
  const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  const again = entry?.type === "reload" || entry?.type === "back_forward";
  const draft = kept(sessionStorage.getItem(key));
  return moved || (again && draft?.at === here()) ? draft : undefined;
}

// follow lets the links of the other language take the document along.
export function follow(): void {
  for (const link of document.querySelectorAll(".lang a")) link.addEventListener("click", () => sessionStorage.setItem(moving, ""));
}

// begin fetches the document that a page of this address begins with, and puts the address in the browser's bar.
export async function begin(href: string): Promise<string> {
  const answer = await fetch(href);
  if (!answer.ok) throw new Error(`${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const { document: text } = read<State>(page, "state"); // fails where the session has ended
  history.replaceState(null, "", href);
  return text;
}
