// The shared worker that holds one stream of events for all tabs of the browser. It passes every event on as it came, and
// an empty one where changes may have been missed, as when the stream breaks; listen.ts is the other end.

const pause = 10_000; // before a stream is asked for again that the server refused, in milliseconds

const seen = new Set<MessagePort>(); // pages that somebody sees
let stream: EventSource | undefined;

addEventListener("connect", (event) => {
  for (const port of (event as MessageEvent).ports) {
    port.onmessage = ({ data }: MessageEvent<"seen" | "hidden">) => (data === "seen" ? join(port) : leave(port));
  }
});

function join(port: MessagePort): void {
  seen.add(port);
  if (!stream) open();
  else if (stream.readyState === EventSource.OPEN) port.postMessage("{}");
}

function leave(port: MessagePort): void {
  seen.delete(port);
  if (seen.size) return;
  stream?.close();
  stream = undefined;
}

function open(): void {
  const now = (stream = new EventSource("/api/v1/events"));
  now.onopen = () => tell("{}");
  now.onmessage = ({ data }: MessageEvent<string>) => tell(data);
  now.onerror = () => {
    tell("{}");
    if (now.readyState !== EventSource.CLOSED) return; // it tries again by itself
    setTimeout(() => {
      if (stream === now) open();
    }, pause);
  };
}

function tell(event: string): void {
  for (const port of seen) port.postMessage(event);
}

export {};
