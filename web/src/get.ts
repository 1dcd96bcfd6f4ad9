// Asks the server for what it has, and doesn't wait for good: a browser keeps connections that have died, and hands them
// to whoever asks next. Giving up closes that connection; asking again takes another.

const patience = Number(document.body.dataset.beat) * (2 / 3); // milliseconds
const most = 8; // times that, where answers take long
let stretch = 1;

export interface Answer {
  ok: boolean;
  redirected: boolean;
  tag: string; // names this content
  text: string;
}

// get fails where no answer is to be had now; asked again, it waits longer.
export async function get(address: string, accept: string, cache: RequestCache = "default"): Promise<Answer> {
  try {
    const answer = await fetch(address, { cache, headers: { Accept: accept }, signal: AbortSignal.timeout(patience * stretch) });
    const text = await answer.text();
    stretch = 1;
    return { ok: answer.ok, redirected: answer.redirected, tag: answer.headers.get("ETag") ?? "", text };
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") stretch = Math.min(2 * stretch, most);
    throw error;
  }
}
