// Hears of changes on the server. All tabs of a browser share one stream, which a shared worker holds: over HTTP/1.1 a
// browser opens six connections to a server at most, and a stream takes one for good. Where there are no shared workers
// each tab has a stream of its own. Nobody holds one for pages that nobody sees.

// listen calls back at every change that concerns the address's sweep, and whenever changes may have been missed: with
// every stream that opens or breaks, and when the page is seen again.
export function listen(address: string, worker: string | undefined, changed: () => void): void {
  const alone = (): void => follow(() => open(address, changed));
  if (worker && "SharedWorker" in window) share(new SharedWorker(worker, { type: "module", name: "haigo" }), address, changed, alone);
  else alone();
}

// share tells the worker when this page is seen, and passes on what it says.
function share(worker: SharedWorker, address: string, changed: () => void, otherwise: () => void): void {
  const asked = new URL(address, location.href).searchParams;
  worker.onerror = otherwise;
  worker.port.onmessage = ({ data }: MessageEvent<string>) => {
    const { sweep, source } = JSON.parse(data) as { sweep?: string; source?: string };
    const missed = !sweep && !source;
    const concerns = asked.has("sources") ? source : asked.has("sweep") ? sweep === asked.get("sweep") : sweep;
    if (missed || concerns) changed();
  };
  follow(() => {
    worker.port.postMessage("seen");
    return () => worker.port.postMessage("hidden");
  });
}

function open(address: string, changed: () => void): () => void {
  const stream = new EventSource(address);
  stream.onopen = stream.onmessage = stream.onerror = changed;
  return () => stream.close();
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
