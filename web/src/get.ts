// Asks the server for what it has, and doesn't wait for good: a browser keeps connections that have died, and hands them
// to whoever asks next. Giving up closes that connection; asking again takes another, up to the six that a browser keeps.

const first = Number(document.body.dataset.beat) * (2 / 3); // milliseconds that an answer may take
const growth = 1.5; // from one try to the next
const longest = 8 * first;
const tries = 6;

// Patience is how long an answer is waited for: longer after each that didn't come in time.
export class Patience {
  time = first; // milliseconds

  met(): void {
    this.time = first;
  }

  tried(): void {
    this.time = Math.min(growth * this.time, longest);
  }
}

const patience = new Patience();

export interface Answer {
  ok: boolean;
  gone: boolean; // there is nothing at the address, or no longer
  redirected: boolean;
  tag: string; // names this content
  text: string;
}

const ahead = new Map<string, Promise<Answer>>();

// expect asks before the answer is wanted: the next get of this address has it.
export function expect(address: string, accept: string, cache: RequestCache): void {
  const answer = ask(address, accept, cache);
  answer.catch(() => {}); // get tells
  ahead.set(address, answer);
}

// get fails where no answer is to be had now.
export function get(address: string, accept: string, cache: RequestCache = "default"): Promise<Answer> {
  const answer = ahead.get(address);
  ahead.delete(address);
  return answer ?? ask(address, accept, cache);
}

async function ask(address: string, accept: string, cache: RequestCache): Promise<Answer> {
  for (let left = tries; ; left--) {
    try {
      const answer = await fetch(address, { cache, headers: { Accept: accept }, signal: AbortSignal.timeout(patience.time) });
      const text = await answer.text();
      patience.met();
      return { ok: answer.ok, gone: answer.status === 404, redirected: answer.redirected, tag: answer.headers.get("ETag") ?? "", text };
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
      patience.tried();
      if (left === 1) throw error;
    }
  }
}
