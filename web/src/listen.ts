// Hears of changes on the server. All tabs of a browser share one stream, which a shared worker holds: over HTTP/1.1 a
// browser opens six connections to a server at most, and a stream takes one for good. Where there are no shared workers
// each tab has a stream of its own. Nobody holds one for pages that nobody sees.

import { open } from "./events";
import type { Word } from "./stream";

// listen calls back at every change that concerns the address's sweep, and whenever changes may have been missed: with
// every stream that opens or breaks, and when the page is seen again. beat is the time between two of the server's beats.
export function listen(address: string, worker: string | undefined, beat: number, changed: () => void): void {
  const alone = (): void => follow(() => open(address, beat, changed));
  if (worker && "SharedWorker" in window) share(new SharedWorker(worker, { type: "module", name: "haigo" }), address, beat, changed, alone);
  else alone();
}

// share tells the worker when this page is seen, and passes on what it says.
function share(worker: SharedWorker, address: string, beat: number, changed: () => void, otherwise: () => void): void {
  const asked = new URL(address, location.href).searchParams;
  worker.onerror = otherwise;
  worker.port.onmessage = ({ data }: MessageEvent<string>) => {
    const { sweep, source, recurrence, share } = JSON.parse(data) as { sweep?: string; source?: string; recurrence?: string; share?: number };
    const missed = !sweep && !source && !recurrence && !share;
    const topics: Record<string, unknown> = { sources: source, recurrences: recurrence ?? sweep, shares: share, sweep: sweep === asked.get("sweep") };
    const topic = Object.keys(topics).find((t) => asked.has(t));
    if (missed || (topic ? topics[topic] : sweep)) changed();
  };
  const say = (seen: boolean): void => worker.port.postMessage({ seen, beat } satisfies Word);
  follow(() => {
    say(true);
    return () => say(false);
  });
}

// follow begins when the page is seen, and ends that when it no longer is.
function follow(begin: () => () => void): void {
  let end: (() => void) | undefined;
  const turn = (seen: boolean): void => {
    if (seen === (end !== undefined)) return;
    if (end) end();
    end = seen ? begin() : undefined;
  };
  document.addEventListener("visibilitychange", () => turn(!document.hidden));
  addEventListener("pagehide", () => turn(false));
  addEventListener("pageshow", () => turn(!document.hidden));
  turn(!document.hidden);
}
