// A stream of the server's events that notices when it is dead. A laptop that slept, another network and a proxy that
// forgot a connection leave streams that stay open and never say anything again; beats tell them from quiet ones.

const beats = 2.5; // without a word are more than a late one
const pause = 10_000; // before a stream is asked for again that the server refused, in milliseconds

// open tells every event as it came, and an empty one where changes may have been missed: with each stream that begins or
// breaks. beat is the time between two of the server's beats, in milliseconds. What it returns closes the stream.
export function open(address: string, beat: number, tell: (event: string) => void): () => void {
  let stream = connect();
  let heard = Date.now();

  function connect(): EventSource {
    const now = new EventSource(address);
    const hear = (event: string): void => {
      if (now !== stream) return;
      heard = Date.now();
      tell(event);
    };
    now.onopen = now.onerror = () => hear("{}"); // after an error it tries again by itself, unless it was refused
    now.onmessage = ({ data }: MessageEvent<string>) => hear(data);
    now.addEventListener("beat", () => (heard = Date.now()));
    return now;
  }

  function again(): void {
    stream.close();
    stream = connect();
    heard = Date.now();
    tell("{}");
  }

  // By the clock on the wall: it goes on while a laptop sleeps.
  const watch = setInterval(() => {
    const silent = Math.abs(Date.now() - heard);
    if (silent > (stream.readyState === EventSource.CLOSED ? pause : beats * beat)) again();
  }, beat / 3);
  addEventListener("online", again);
  return () => {
    clearInterval(watch);
    removeEventListener("online", again);
    stream.close();
  };
}
