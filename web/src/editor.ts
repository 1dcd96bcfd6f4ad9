// The page of a new experiment. Form and text are two views of one document. The browser draws; what a document means,
// runs and costs is the server's to say, after every change.

import type { Change } from "./editor-area";
import { Builder } from "./editor-build";
import * as change from "./editor-change";
import { changed, reckoned } from "./editor-cost";
import { Doc, type Asked, type Trouble } from "./editor-document";
import * as draft from "./editor-draft";
import { fields } from "./editor-form";
import { goTo, renew, retype, typing } from "./editor-page";
import { Picture, type By } from "./editor-picture";
import { decimal, read, t, wrongIn, type Edit, type Schedule, type State } from "./editor-state";
import { ended, text } from "./editor-text";
import { localised } from "./editor-time";
import { drawings, tables } from "./drawing";
import { released } from "./key";
import { show } from "./page";

const burst = 1500; // milliseconds: what is typed with longer rests is undone in parts

type View = "form" | "yaml";

export function edit(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-editor]");
  if (form) new Page(form).open();
}

class Page {
  private state: State;
  private pane: View = "form";
  private gesture = 0; // counts moves of handles that belong together
  private moving = false; // the last change was a handle's, and is drawn already
  private next = ""; // the schedule to look at once it is there
  private looked = ""; // the arm that the preview shows; empty: that of the schedule
  private typedAt = 0;
  private readonly begun: string;
  private readonly refused: boolean; // what it began with was sent off in this tab
  private readonly doc: Doc;
  private readonly text;
  private readonly picture: Picture;
  private readonly builder: Builder;

  constructor(private readonly form: HTMLFormElement) {
    this.state = read<State>(document, "state");
    this.text = text(form, () => this.behind(), () => this.typed());
    this.begun = this.state.document;
    this.refused = draft.refused(this.begun);
    this.doc = new Doc(this.begun, () => this.asked(), (page, state, behind) => this.answer(page, state, behind), (why) => this.trouble(why), () => this.behind());
    this.builder = new Builder(this.one("[data-schedules]"), (name) => this.schedule(name), () => this.doc.idle(), (made) => this.make(made), () => (this.next = ""));
    this.picture = new Picture(form, this.hand());
  }

  open(): void {
    for (const e of this.all("[data-scripted]")) e.hidden = false;
    for (const e of this.all("[data-plain]")) e.hidden = true;
    fields(this.one('[data-pane="form"]'), () => this.state, (edits, key) => this.doc.change(edits, key + " " + ++this.gesture));
    this.form.addEventListener("click", (event) => this.click(event));
    this.form.addEventListener("change", (event) => this.change(event.target as HTMLElement));
    this.one("[data-other]").addEventListener("change", () => this.compare());
    this.form.addEventListener("submit", (event) => this.submit(event));
    document.addEventListener("keydown", (event) => this.key(event));
    let width = 0; // the table below the drawing grows without it
    new ResizeObserver(([box]) => {
      if (box && box.contentRect.width !== width) this.redraw();
      width = box?.contentRect.width ?? width;
    }).observe(this.one(".ed"));
    drawings(this.form, () => document.querySelector<HTMLInputElement>("#f-name")?.value || "sweep");
    draft.follow();
    addEventListener("pagehide", () => this.leave());
    document.addEventListener("visibilitychange", () => document.hidden && this.leave()); // a phone may end it without another word
    this.view(this.begun.trim() === "" || this.state.readable ? "form" : "yaml");
    this.recall();
    localised(document);
    if (this.doc.text.trim()) this.doc.look(); // what this browser remembers of rates is the server's to reckon with
  }

  private one<E extends Element = HTMLElement>(selector: string): E {
    return this.form.querySelector(selector) as unknown as E;
  }

  private all(selector: string): HTMLElement[] {
    return [...this.form.querySelectorAll<HTMLElement>(selector)];
  }

  // hand makes edits of what is done with the schedule that is looked at.
  private hand(): ConstructorParameters<typeof Picture>[1] {
    return {
      begun: () => this.gesture++,
      moved: (to) => this.moved(to),
      choose: (name) => this.choose(name),
      label: (to) => this.builder.after((s) => change.label(s, to)),
      name: (to) => this.builder.build((s) => change.rename(s, to)),
      until: (i, v) => this.set(["stages", `${i}`, "until"], decimal(v)),
      ramp: (i, how) => this.builder.after((s) => change.ramp(s, i, how)),
      share: (i, k, v) => this.set(["stages", `${i}`, "mixture", this.state.sources[k]?.name ?? ""], decimal(v)),
      spread: (i) => this.builder.build((s) => change.spread(this.state, i < 0 ? change.incomplete(this.state) : [{ schedule: s, i }])),
      remove: (i) => this.builder.build((s) => change.removeStage(s, i)),
    };
  }

  // schedule is that of a name, without one that which is looked at.
  private schedule(name?: string): Schedule | undefined {
    const { schedules, arm } = this.state;
    if (name !== undefined) return schedules?.find((s) => s.name === name);
    return schedules?.find((s) => s.name === arm) ?? schedules?.[0];
  }

  private asked(): Omit<Asked, "document"> {
    return { arm: this.next || (this.schedule()?.name ?? ""), look: this.looked, other: this.picture.against, ...reckoned() };
  }

  // recall takes up what was written here before a reload, or offers what was written elsewhere in this tab.
  private recall(): void {
    const kept = draft.recalled();
    if (kept) this.resume(kept);
    else this.one("#resume").hidden = this.begun.trim() !== "" || !draft.last();
  }

  private resume(kept: draft.Draft | undefined): void {
    if (!kept) return;
    this.one("#resume").hidden = true;
    this.one<HTMLDetailsElement>("#begin").open = false;
    this.state.arm = kept.arm;
    this.text.put(kept.document);
    this.doc.write(kept.document, "resume", kept.edits);
    this.view(kept.view);
    if (kept.typed) void this.doc.idle().then(() => retype(kept.typed ?? {}));
  }

  private typed(): void {
    if (performance.now() - this.typedAt > burst) this.gesture++;
    this.typedAt = performance.now();
    this.doc.write(ended(this.text.value(), this.doc.text), `text ${this.gesture}`);
    this.behind();
  }

  // behind says of the preview whether it is of less than is written by now.
  private behind(): void {
    this.one(".side").ariaBusy = String(this.text.unread || this.doc.busy);
  }

  private answer(page: Document, state: State, behind: boolean): void {
    const { schedules } = this.state;
    const arm = state.schedules?.some((s) => s.name === this.next) ? this.next : this.state.arm;
    this.state = behind && this.moving && schedules ? { ...state, schedules } : state; // a handle doesn't jump back
    if (!this.schedule() || state.schedules?.some((s) => s.name === arm)) this.state.arm = arm;
    this.text.put(this.doc.text);
    if (!behind || this.moving) this.draw(); // before anything else changes: it measures the page
    renew(page, behind);
    tables(this.one("#preview"));
    this.text.number();
    this.keep();
    localised(document);
  }

  private keep(): void {
    draft.keep(this.draft(), this.refused ? undefined : this.begun);
  }

  // leave keeps what nobody has answered yet: the page may not come back.
  private leave(): void {
    const now = this.text.unread ? { document: ended(this.text.value(), this.doc.text) } : { edits: this.doc.unanswered };
    draft.leave({ ...this.draft(), ...now, typed: typing(this.form) }, this.refused ? undefined : this.begun);
  }

  private draft(): Omit<draft.Draft, "at"> {
    return { document: this.doc.text, view: this.pane, arm: this.state.arm };
  }

  private draw(): void {
    const schedule = this.schedule();
    this.one("[data-schedules]").hidden = !schedule;
    for (const [name, on] of [["undo", this.doc.undoable], ["redo", this.doc.redoable]] as const) this.one<HTMLButtonElement>(`[data-do=${name}]`).disabled = !on;
    if (schedule && this.pane === "form") this.picture.draw(this.state, schedule);
  }

  private redraw(): void {
    this.picture.forget();
    this.draw();
  }

  private choose(name: string): void {
    this.next = this.looked = "";
    this.state.arm = name;
    this.draw();
    this.doc.look();
  }

  // make sends a button's edits; those of one press are undone together.
  private make({ edits, arm }: change.Made): void {
    if (arm !== undefined) this.next = arm;
    this.moving = false;
    this.picture.forget(); // the field that it came from shows what was typed
    if (edits.length) this.doc.change(edits, `made ${++this.gesture}`);
  }

  // set changes a value of the schedule that is looked at.
  private set(path: string[], value: unknown): void {
    this.builder.after(({ name }) => ({ edits: [{ op: "set", path: ["schedules", name, ...path], value }] }));
  }

  // moved shows a moved handle at once, and tells the server.
  private moved(to: Change): void {
    const schedule = this.schedule();
    const stage = schedule?.stages[to.stage];
    if (!schedule || !stage || this.builder.busy) return;
    const at = ["schedules", schedule.name, "stages", `${to.stage}`];
    const edits: Edit[] = [];
    if ("until" in to) {
      stage.until = decimal(to.until);
      edits.push({ op: "set", path: [...at, "until"], value: stage.until });
    } else {
      const unread = [to.lower, to.upper].map((k) => this.state.sources[k]?.name);
      if (wrongIn(this.state, schedule).some((w) => w.stage === to.stage && unread.includes(w.part))) return; // nobody knows what it would write over
      const both = (stage.shares[to.lower] ?? 0) + (stage.shares[to.upper] ?? 0);
      stage.shares[to.lower] = decimal(to.share);
      stage.shares[to.upper] = Number((both - decimal(to.share)).toFixed(12)); // what is left, to the last digit: the sum stays as it was
      for (const k of [to.lower, to.upper]) edits.push({ op: "set", path: [...at, "mixture", this.state.sources[k]?.name ?? ""], value: stage.shares[k] });
    }
    this.moving = true;
    this.draw();
    this.doc.change(edits, `handle ${this.gesture}`);
  }

  private view(which: View): void {
    this.text.flush();
    this.pane = which;
    for (const pane of this.all("[data-pane]")) pane.hidden = pane.dataset.pane !== which;
    for (const button of this.all("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === which));
    this.text.number();
    this.redraw();
  }

  private click(event: MouseEvent): void {
    const target = event.target as Element;
    const link = target.closest<HTMLAnchorElement>(".begin a");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      void this.begin(link);
    }
    const problem = target.closest<HTMLAnchorElement>("#wrong a[data-path]");
    if (problem) {
      event.preventDefault();
      released(() => this.mend(problem.dataset.path ?? "", Number(problem.dataset.line)));
    }
    const button = target.closest<HTMLButtonElement>("button");
    if (button) this.press(button, event);
  }

  private press(button: HTMLButtonElement, event: MouseEvent): void {
    const { do: what, view, by, look } = button.dataset;
    if (view === "form" || view === "yaml") {
      this.view(view);
      this.keep();
    }
    if (by) {
      this.picture.by = by as By;
      this.draw();
    }
    if (look !== undefined) this.look(look);
    if (what === "undo" || what === "redo") void this.step(what === "undo" ? -1 : 1);
    if (what === "fit") void this.fit();
    if (button.dataset.edits) void this.put(JSON.parse(button.dataset.edits) as Edit[], button.dataset.then ?? "");
    if (what === "resume") this.resume(draft.last());
    if (what === "split") this.builder.build((s) => change.split(this.state, s));
    if (what === "duplicate") this.builder.build((s) => change.duplicate(this.state, s));
    if (what === "add") this.builder.build(() => change.add(this.state));
    if (what === "drop") this.builder.build((s) => change.drop(this.state, s));
    if (button.dataset.review !== undefined) {
      event.preventDefault();
      void this.review();
    }
  }

  // begin puts what a link of the beginnings leads to into the document; undoing brings back what was there.
  private async begin(link: HTMLAnchorElement): Promise<void> {
    try {
      const text = await draft.begin(link.href);
      for (const a of this.all(".begin a[aria-current]")) a.removeAttribute("aria-current");
      link.setAttribute("aria-current", "true");
      this.one("#resume").hidden = true;
      this.one<HTMLDetailsElement>("#begin").open = false;
      this.state.arm = "";
      this.text.put(text);
      this.doc.write(text, `begin ${++this.gesture}`);
      this.one("#begin > summary").focus();
    } catch {
      location.href = link.href;
    }
  }

  // put makes the edits that a button bears; it goes, and the keyboard goes on at another element.
  private async put(edits: Edit[], then: string): Promise<void> {
    this.make({ edits });
    await this.doc.idle();
    if (!document.activeElement || document.activeElement === document.body) document.getElementById(then)?.focus();
  }

  // fit lets the document read what there is; the button goes, and the keyboard goes on at what it changed.
  private async fit(): Promise<void> {
    this.text.flush();
    this.doc.fit();
    await this.doc.idle();
    if (!document.getElementById("fit")) document.querySelector<HTMLElement>('[data-tabs] [aria-selected="true"]')?.focus();
  }

  // mend goes to where a problem stands: its field, or its line.
  private mend(field: string, line: number): void {
    if (this.pane === "form" && goTo(field, this.state, (name) => this.choose(name))) return;
    this.view("yaml");
    if (line) this.text.show(line);
  }

  // review shows what would be launched, once the server has seen the last change.
  private async review(): Promise<void> {
    this.text.flush();
    await this.doc.idle();
    const unread = this.form.querySelector<HTMLInputElement>("[data-refused]"); // what it holds isn't in the document
    if (unread?.closest("[data-pane][hidden]")) this.view("form");
    if (unread) return released(() => document.getElementById(unread.id)?.focus());
    const dialog = document.getElementById("review") as HTMLDialogElement;
    if (dialog.querySelector("[data-launch]") && this.one("[data-review]") ) released(() => show(dialog));
  }

  private async step(by: -1 | 1): Promise<void> {
    this.text.flush();
    await this.doc.step(by);
    this.text.put(this.doc.text);
  }

  // change asks again when a number that the cost is reckoned with changed, or another arm is to be looked at.
  private change(field: HTMLElement): void {
    if (field instanceof HTMLSelectElement && field.dataset.look !== undefined) this.look(field.value);
    if (field instanceof HTMLInputElement && field.dataset.cost !== undefined && changed(field)) this.doc.look();
  }

  // look lets the preview show an arm of those that would run.
  private look(arm: string): void {
    this.looked = arm;
    this.doc.look();
  }

  // compare draws the difference from another arm, and asks for what that one reads where only its name is known.
  private compare(): void {
    this.picture.against = this.one<HTMLSelectElement>("[data-other]").value;
    this.draw();
    if (this.state.more?.some((a) => a.name === this.picture.against)) this.doc.look();
  }

  // submit lets the form be sent by a button that is meant for it, with the document as it is now.
  private submit(event: SubmitEvent): void {
    const button = event.submitter;
    if (!(button instanceof HTMLButtonElement) || button.type !== "submit") return event.preventDefault();
    this.text.flush();
    if (this.doc.busy) {
      event.preventDefault();
      void this.doc.idle().then(() => this.form.requestSubmit(button));
      return;
    }
    this.text.put(this.doc.text);
    this.one<HTMLInputElement>("[name=exact]").value = JSON.stringify(this.doc.text); // a form would send other line ends
    if (!button.hasAttribute("formaction")) draft.launch(this.draft());
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.isComposing) return;
    if (event.key === "Enter" && target.matches("[data-cost]")) {
      event.preventDefault();
      target.dispatchEvent(new Event("change", { bubbles: true }));
    }
    const typed = target.matches("input:not([type=checkbox])");
    if (typed || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const back = event.key.toLowerCase() === "z" && !event.shiftKey;
    const forth = event.key.toLowerCase() === "y" || (event.key.toLowerCase() === "z" && event.shiftKey);
    if (back || forth) {
      event.preventDefault();
      void this.step(back ? -1 : 1);
    }
  }

  // trouble says why no answer comes, until one does.
  private trouble(why?: Trouble): void {
    const note = this.one("#away");
    note.hidden = !why;
    note.textContent = why ? t(why) : "";
  }
}
