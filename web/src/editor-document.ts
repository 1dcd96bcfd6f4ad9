// The one document behind form and text: edits go to the server one question at a time, its answers come back as the
// document, the state and the parts of the page; every document that was settled on can be gone back to.

import { read, type Edit, type State } from "./editor-state";
import { Patience } from "./get";

export interface Asked {
  document: string;
  arm: string; // the schedule that is edited
  look: string; // the arm that is looked at; empty: that schedule's
  other: string; // the arm that the schedule is compared with; empty: the baseline
  use: string;
  rate: string;
}

interface Moment {
  document: string;
  key: string; // changes of one key in a row count as one
}

// Trouble is why no answer comes: the server can't be reached, is slow, has ended the session, or refuses so long a text.
export type Trouble = "away" | "slow" | "out" | "long";

const most = 2 ** 20; // bytes of a question that the server takes
const rest = 2000; // milliseconds before a question is asked again by itself

export class Doc {
  private waiting: Edit[] = [];
  private underway: Edit[] = []; // what the server is being asked about
  private asking: Promise<void> | undefined;
  private again = false;
  private hurry = (): void => {}; // lets a question that is late, or rests, give way to the next change
  private readonly patience = new Patience();
  private fitting = false;
  private past: Moment[];
  private now = 0;
  private key = "";

  // answered is called with each answer's page, and whether there are newer edits already; lost when there is none, and
  // with nothing once there is one again; turned whenever busy has changed.
  constructor(
    public text: string,
    private readonly ask: () => Omit<Asked, "document">,
    private readonly answered: (page: Document, state: State, behind: boolean) => void,
    private readonly lost: (why?: Trouble) => void,
    private readonly turned: () => void,
  ) {
    this.past = [{ document: text, key: "" }];
  }

  // change makes edits; those of one key that follow each other are undone together.
  change(edits: Edit[], key: string): void {
    for (const edit of edits) {
      const at = edit.path.join("/");
      if (edit.op === "set") this.waiting = this.waiting.filter((w) => w.op !== "set" || w.path.join("/") !== at);
      this.waiting.push(edit);
    }
    this.key = key;
    this.send();
  }

  // write takes a whole text, and edits of it.
  write(text: string, key: string, edits: Edit[] = []): void {
    if (text === this.text && !edits.length) return;
    this.text = text;
    this.waiting = [...edits];
    this.key = key;
    this.settle();
    this.send();
  }

  // fit lets the server make the document read what there is.
  fit(): void {
    this.fitting = true;
    this.key = "fit";
    this.send();
  }

  // look asks again with nothing changed.
  look(): void {
    this.send();
  }

  // unanswered are the edits that the text doesn't have yet.
  get unanswered(): Edit[] {
    return [...this.underway, ...this.waiting];
  }

  get undoable(): boolean {
    return this.now > 0;
  }

  get redoable(): boolean {
    return this.now < this.past.length - 1;
  }

  // step goes back or forth in what was settled on, once what is under way has settled.
  async step(by: -1 | 1): Promise<void> {
    await this.idle();
    const moment = this.past[this.now + by];
    if (!moment) return;
    this.now += by;
    this.text = moment.document;
    this.waiting = [];
    this.key = "";
    this.send();
  }

  private settle(): void {
    const last = this.past[this.now];
    if (last?.document === this.text) return;
    if (this.key && last?.key === this.key && this.now > 0) last.document = this.text;
    else {
      this.past = [...this.past.slice(0, this.now + 1).slice(-200), { document: this.text, key: this.key }];
      this.now = this.past.length - 1;
    }
    this.past.length = this.now + 1;
  }

  // busy is whether an answer is still to come.
  get busy(): boolean {
    return this.asking !== undefined;
  }

  // idle waits until every change is answered.
  async idle(): Promise<void> {
    while (this.asking) await this.asking;
  }

  private send(): void {
    if (!this.asking) {
      this.asking = this.talk();
      this.turned();
    } else {
      this.again = true;
      this.hurry();
    }
  }

  private async talk(): Promise<void> {
    try {
      await this.converse();
    } finally {
      this.asking = undefined; // also where an answer can't be drawn
      this.turned();
    }
  }

  private async converse(): Promise<void> {
    do {
      this.again = false;
      const before = this.text;
      const edits = (this.underway = this.waiting.splice(0));
      const fit = this.fitting;
      this.fitting = false;
      let answer: { page: Document; state: State };
      try {
        const body = new URLSearchParams({ document: before, edits: edits.length ? JSON.stringify(edits) : "", fit: fit ? "1" : "", ...this.ask() });
        const page = new DOMParser().parseFromString(await this.post(body), "text/html");
        this.lost();
        if (this.text !== before) {
          this.underway = [];
          this.again = true; // the text was rewritten meanwhile: this answer is of an older one
          this.fitting ||= fit;
          continue;
        }
        answer = { page, state: read<State>(page, "state") };
      } catch (error) {
        this.underway = [];
        if (this.text === before) this.waiting = [...edits, ...this.waiting];
        this.fitting ||= fit;
        if (this.again) continue; // it gave way to a change
        const why = error instanceof Refused ? error.why : "away";
        this.lost(why);
        if (why === "long") continue; // only a change helps
        await new Promise<void>((resume) => {
          this.hurry = resume;
          setTimeout(resume, rest);
        });
        this.again = true;
        continue;
      }
      this.underway = [];
      const { page, state } = answer;
      if (state.readable) this.text = state.document;
      if (edits.length || fit) this.settle();
      if (!this.again || edits.length) this.answered(page, state, this.waiting.length > 0);
    } while (this.again);
  }

  // post asks one question, and waits for the answer only so long. Once it is late, the next change has it given up.
  private async post(body: URLSearchParams): Promise<string> {
    if (body.toString().length > most) throw new Refused("long"); // it isn't sent: a refusal would stand in the console
    const end = new AbortController();
    const limit = setTimeout(() => end.abort(), this.patience.time);
    const late = setTimeout(() => {
      this.hurry = () => end.abort();
      this.lost("slow");
    }, this.patience.time / 3);
    this.hurry = () => {};
    try {
      const answer = await fetch("/new/check", { method: "POST", body, signal: end.signal });
      const text = await answer.text();
      this.patience.met();
      if (answer.redirected) throw new Refused("out");
      if (!answer.ok) throw new Refused("away");
      return text;
    } catch (error) {
      if (!end.signal.aborted) throw error;
      this.patience.tried();
      throw new Refused("slow");
    } finally {
      clearTimeout(limit);
      clearTimeout(late);
    }
  }
}

class Refused extends Error {
  constructor(readonly why: Trouble) {
    super(why);
  }
}
