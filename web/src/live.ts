// Keeps a page as it would be if it were loaded now: an event says that something changed, the page is fetched again,
// and the elements marked data-live are replaced by the new ones. Nothing is drawn from strings.

import { get } from "./get";
import { listen } from "./listen";

const pause = 1000; // at least between two fetches, in milliseconds
const slowest = 60_000; // between two where the server is away
const late = 8_000; // without an answer are told of

// follow listens to the page's events, or looks every few seconds where the page asks for that, and calls changed after each
// replacement.
export function follow(changed: () => void): void {
  const { events, worker, beat, poll } = document.body.dataset;
  if (!events && !poll) return;
  const refresh = throttled(async () => {
    const away = setTimeout(() => tell(false), late);
    const renewed = await renew().catch(() => false); // the server is away
    clearTimeout(away);
    tell(renewed);
    if (renewed) changed();
    return renewed;
  });
  if (poll) {
    setInterval(refresh, Number(poll) * 1000);
    document.addEventListener("visibilitychange", refresh);
    addEventListener("online", refresh);
  }
  if (events) listen(events, worker, Number(beat), refresh); // it may have changed before anybody listened: the first call comes at once
  addEventListener("pointerdown", (event) => (pressed = event.target as Node), true);
  for (const over of ["pointerup", "pointercancel", "focusout"] as const) {
    addEventListener(over, (event) => {
      if (event.type !== "focusout") pressed = undefined;
      if (!missed) return;
      missed = false;
      refresh();
    }, true);
  }
  setInterval(() => {
    if (document.querySelector("[data-ago]")) refresh(); // "3 min ago" grows by itself
  }, 15_000);
}

// throttled runs work at most once a pause, and once more when it was asked for meanwhile. Work that fails is tried again,
// after longer and longer rests that being asked for ends. A hidden page waits.
function throttled(work: () => Promise<boolean>): () => void {
  let running = false;
  let again = false;
  let rest = pause;
  let wake = (): void => {};
  return function run(): void {
    if (document.hidden) return;
    if (running) {
      again = true;
      wake();
      return;
    }
    running = true;
    void work()
      .then(async (done) => {
        await sleep(pause);
        rest = done ? pause : Math.min(2 * rest, slowest);
        if (done || again) return;
        again = true;
        await new Promise<void>((resume) => {
          wake = resume;
          setTimeout(resume, rest);
        });
      })
      .then(() => {
        running = false;
        if (again) {
          again = false;
          run();
        }
      });
  };
}

const sleep = (time: number): Promise<void> => new Promise((resume) => setTimeout(resume, time));

let last = new Date(); // when the page was as the server has it

// tell says since when the page may be out of date.
function tell(fresh: boolean): void {
  const note = document.getElementById("away");
  if (fresh) last = new Date();
  if (!note) return;
  note.hidden = fresh;
  note.textContent = fresh ? "" : (note.dataset.text ?? "").replace("{t}", clock.format(last));
}

const clock = new Intl.DateTimeFormat("ja-JP", { timeZone: "Asia/Tokyo", hour: "2-digit", minute: "2-digit" }); // as everywhere on the page

interface Renewal {
  all?: boolean; // also what the focus is in, which stays where it is
  wanted?(): boolean; // false: nobody waits for this any more
}

// renew replaces what changed; false where the page can't be had.
export async function renew({ all = false, wanted = () => true }: Renewal = {}): Promise<boolean> {
  if (ended) return true;
  const answer = await get(document.body.dataset.self ?? location.href, "text/html");
  if (answer.gone && document.body.dataset.poll) return end(new DOMParser().parseFromString(answer.text, "text/html"));
  if (!answer.ok || answer.redirected) return false;
  const fresh = new DOMParser().parseFromString(answer.text, "text/html");
  if (!wanted()) return true;
  for (const old of document.querySelectorAll<HTMLElement>("[data-live]")) {
    const now = fresh.getElementById(old.id);
    if (!now || old.isEqualNode(now)) continue;
    const active = old.contains(document.activeElement) ? (document.activeElement as HTMLElement) : undefined;
    if (!all && ((active && typing(active)) || (pressed && old.contains(pressed)))) {
      missed = true;
      continue;
    }
    const shown = replace(old, now);
    if (!active || active.isConnected) continue;
    const heir = active === old ? shown : same(active, old, shown);
    if (heir && active.tabIndex === 0 && heir.tabIndex < 0) heir.tabIndex = 0; // a box that scrolls
    heir?.focus({ preventScroll: true });
  }
  return true;
}

let pressed: Node | undefined; // what a pointer is down on: a click needs it to stay
let missed = false; // a part was left as it was, since somebody was at it

// typing is whether an element holds what a reader is about to enter.
const typing = (e: Element): boolean => e.matches("textarea, select, input:not([type=checkbox], [type=radio])");

// same finds an element of a part in the one that took the part's place.
function same(of: Element, old: Element, next: Element): HTMLElement | undefined {
  const key = (e: Element): string => e.id || [e.tagName, ...["name", "value", "href"].map((a) => e.getAttribute(a)), e.matches(".tbl-box") || e.ariaLabel].join(" ");
  const alike = (part: Element): HTMLElement[] => [...part.querySelectorAll<HTMLElement>(of.tagName)].filter((e) => key(e) === key(of));
  return alike(next)[alike(old).indexOf(of as HTMLElement)];
}

let ended = false; // nothing is at the page's address any more

// end says of an open link that it was revoked or has expired, as a reload would; it doesn't come back.
function end(told: Document): true {
  const main = document.querySelector("main");
  if (!main) return true;
  ended = true;
  main.ariaLive = "polite";
  main.replaceChildren(...document.importNode(told.querySelector("main")!, true).childNodes);
  document.title = told.title;
  return true;
}

// replace swaps an element, keeping what a reader did to it: how far it was scrolled, what was opened and ticked. An
// element marked "once" holds charts: it is replaced only when it holds others. Where those marked "figures" are the same
// charts of something else, they stay and are told.
function replace(old: HTMLElement, now: HTMLElement): HTMLElement {
  if (old.dataset.live === "once" && figures(old) === figures(now)) return old;
  if (old.dataset.live === "figures" && retold(old, now)) return old;
  const { scrollTop, scrollLeft } = old;
  const atEnd = scrollTop + old.clientHeight >= old.scrollHeight - 4;
  const opened = new Set([...old.querySelectorAll("details[open]")].map((d) => d.id));
  const next = document.importNode(now, true);
  for (const d of next.querySelectorAll("details")) d.open = opened.has(d.id) || d.open;
  const ticked = new Set([...old.querySelectorAll<HTMLInputElement>("input[name]:checked")].map((i) => i.name + i.value));
  for (const i of next.querySelectorAll<HTMLInputElement>("input[type=checkbox][name]")) i.checked = ticked.has(i.name + i.value);
  old.replaceWith(next);
  next.scrollLeft = scrollLeft;
  next.scrollTop = old.dataset.live === "end" && atEnd ? next.scrollHeight : scrollTop;
  return next;
}

// retold gives charts the addresses of their data and what stands beside them; false where they are other charts.
function retold(old: HTMLElement, now: HTMLElement): boolean {
  const pairs = [...old.querySelectorAll<HTMLElement>("figure[data-figure]")].map((f) => [f, now.querySelector<HTMLElement>(`#${f.id}`)] as const);
  if (!pairs.length || pairs.length !== now.querySelectorAll("figure[data-figure]").length) return false;
  if (pairs.some(([, next]) => !next)) return false;
  for (const [figure, next] of pairs) {
    figure.dataset.figure = next?.dataset.figure;
    for (const part of ["a[download]", "figcaption h3", "figcaption > span:not(.tools)"]) {
      const [was, is] = [figure.querySelector(part), next?.querySelector(part)];
      if (was && is && !was.isEqualNode(is)) was.replaceWith(document.importNode(is, true));
    }
  }
  const [head, next] = [old.querySelector(".sec-h"), now.querySelector(".sec-h")];
  if (head && next) head.replaceWith(document.importNode(next, true));
  return true;
}

const figures = (e: HTMLElement): string =>
  [...e.querySelectorAll<HTMLElement>("figure[data-figure]")].map((f) => f.dataset.figure).join("\n");
