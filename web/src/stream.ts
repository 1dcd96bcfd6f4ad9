// The shared worker that holds one stream of events for all tabs of the browser. It passes every event on as it came, and
// an empty one where changes may have been missed; listen.ts is the other end.

import { open } from "./events";

// Word is what a page says of itself: whether somebody sees it, and how often its server beats, in milliseconds.
export interface Word {
  seen: boolean;
  beat: number;
}

const seen = new Set<MessagePort>(); // pages that somebody sees
let close: (() => void) | undefined;

addEventListener("connect", (event) => {
  for (const port of (event as MessageEvent).ports) {
    port.onmessage = ({ data }: MessageEvent<Word>) => (data.seen ? join(port, data.beat) : leave(port));
  }
});

function join(port: MessagePort, beat: number): void {
  seen.add(port);
  if (close) port.postMessage("{}");
  else close = open("/api/v1/events", beat, tell);
}

function leave(port: MessagePort): void {
  seen.delete(port);
  if (seen.size) return;
  close?.();
  close = undefined;
}

function tell(event: string): void {
  for (const port of seen) port.postMessage(event);
}
