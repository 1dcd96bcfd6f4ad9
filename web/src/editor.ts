// The page of a new experiment. Form and text are two views of one document. The browser draws; what a document means,
// runs and costs is the server's to say, after every change.

import { area, type Change } from "./editor-area";
import * as change from "./editor-change";
import { Doc, type Trouble } from "./editor-document";
import * as draft from "./editor-draft";
import { fields } from "./editor-form";
import { head } from "./editor-head";
import { goTo, renew } from "./editor-page";
import { stages } from "./editor-stages";
import { decimal, read, t, wrongIn, type Arm, type Edit, type Schedule, type State } from "./editor-state";
import { tabs } from "./editor-tabs";
import { ended, text } from "./editor-text";
import { totals } from "./editor-totals";
import { localised } from "./editor-time";
import { html } from "./element";
import { released } from "./key";
import { show } from "./page";

const rateKey = "haigo.rate";
const burst = 1500; // milliseconds: what is typed with longer rests is undone in parts

type View = "form" | "yaml";

export function edit(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-editor]");
  if (form) new Page(form).open();
}

class Page {
  private state: State;
  private by: "share" | "read" | "diff" = "share";
  private pane: View = "form";
  private gesture = 0; // counts moves of handles that belong together
  private moving = false; // the last change was a handle's, and is drawn already
  private next = ""; // the schedule to look at once it is there
  private building = 0; // changes of which schedules and stages there are, until they are answered
  private built = Promise.resolve();
  private drawn = ""; // what is drawn; empty: it is to be drawn whatever it is
  private typedAt = 0;
  private readonly begun: string;
  private readonly refused: boolean; // what it began with was sent off in this tab
  private readonly doc: Doc;
  private readonly text;
  private readonly area;

  constructor(private readonly form: HTMLFormElement) {
    this.state = read<State>(document, "state");
    this.text = text(form, () => this.typed());
    this.begun = this.state.document;
    this.refused = draft.refused(this.begun);
    this.doc = new Doc(this.begun, () => this.asked(), (page, state, behind) => this.answer(page, state, behind), (why) => this.trouble(why));
    this.area = area(this.one("[data-area]"), () => this.gesture++, (c) => this.moved(c));
  }

  open(): void {
    for (const e of this.all("[data-scripted]")) e.hidden = false;
    for (const e of this.all("[data-plain]")) e.hidden = true;
    fields(this.one('[data-pane="form"]'), () => this.state, (edits, key) => this.doc.change(edits, key + " " + ++this.gesture));
    this.form.addEventListener("click", (event) => this.click(event));
    this.form.addEventListener("change", (event) => this.cost(event));
    this.one("[data-other]").addEventListener("change", () => this.draw());
    this.form.addEventListener("submit", (event) => this.submit(event));
    document.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.redraw()).observe(this.one(".ed"));
    draft.follow();
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

  private schedule(): Schedule | undefined {
    return this.state.schedules?.find((s) => s.name === this.state.arm) ?? this.state.schedules?.[0];
  }

  private asked(): { arm: string; use: string; rate: string } {
    const value = (id: string): string => (document.getElementById(id) as HTMLInputElement | null)?.value.normalize("NFKC").replace(/[^\d.]/g, "") ?? "";
    return { arm: this.next || (this.schedule()?.name ?? ""), use: value("use"), rate: localStorage.getItem(rateKey) ?? value("rate") };
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
    this.doc.write(kept.document, "resume");
    this.view(kept.view);
  }

  private typed(): void {
    if (performance.now() - this.typedAt > burst) this.gesture++;
    this.typedAt = performance.now();
    this.doc.write(ended(this.text.value(), this.doc.text), `text ${this.gesture}`);
  }

  private answer(page: Document, state: State, behind: boolean): void {
    const { schedules } = this.state;
    const arm = state.schedules?.some((s) => s.name === this.next) ? this.next : this.state.arm;
    this.state = behind && this.moving && schedules ? { ...state, schedules } : state; // a handle doesn't jump back
    if (!this.schedule() || state.schedules?.some((s) => s.name === arm)) this.state.arm = arm;
    this.text.put(this.doc.text);
    this.draw(); // before anything else changes: it measures the page
    renew(page);
    this.text.number();
    this.keep();
    localised(document);
  }

  private keep(): void {
    draft.keep(this.draft(), this.refused ? undefined : this.begun);
  }

  private draft(): Omit<draft.Draft, "at"> {
    return { document: this.doc.text, view: this.pane, arm: this.state.arm };
  }

  private draw(): void {
    const schedule = this.schedule();
    this.one("[data-schedules]").hidden = !schedule;
    for (const [name, on] of [["undo", this.doc.undoable], ["redo", this.doc.redoable]] as const) this.one<HTMLButtonElement>(`[data-do=${name}]`).disabled = !on;
    if (!schedule || this.pane !== "form") return;
    head(this.one("[data-name]"), this.state, schedule, this.arm(schedule), {
      label: (to) => this.after((s) => change.label(s, to)),
      name: (to) => this.build((s) => change.rename(s, to)),
    });
    const seen = this.seen(schedule);
    if (seen === this.drawn) return;
    this.drawn = seen;
    const wrong = wrongIn(this.state, schedule);
    tabs(this.one("[data-tabs]"), this.state, schedule, (name) => this.choose(name));
    this.one<HTMLButtonElement>("[data-do=drop]").disabled = this.state.schedules.length < 2;
    for (const button of this.all("[data-by]")) button.setAttribute("aria-pressed", String(button.dataset.by === this.by));
    this.picture(schedule);
    stages(this.one("[data-stages]"), this.state, schedule, wrong, {
      until: (i, v) => this.set(["stages", `${i}`, "until"], decimal(v)),
      ramp: (i, how) => this.after((s) => change.ramp(s, i, how)),
      share: (i, k, v) => this.set(["stages", `${i}`, "mixture", this.state.sources[k]?.name ?? ""], decimal(v)),
      spread: (i) => this.build((s) => change.spread(this.state, i < 0 ? change.incomplete(this.state) : [{ schedule: s, i }])),
      remove: (i) => this.build((s) => change.removeStage(s, i)),
    });
    this.one("[data-said]").replaceChildren(...wrong.filter((w) => w.stage < 0).map((w) => html("p", { class: "err" }, w.message)));
  }

  // seen is all that the drawing of a schedule, its tabs and its numbers show.
  private seen({ name }: Schedule): string {
    const { schedules, sources, tokens, past, baseline, problems, arms } = this.state;
    return JSON.stringify([name, schedules, sources, tokens, past, baseline, problems, this.by, this.by === "share" || [arms, this.one<HTMLSelectElement>("[data-other]").value]]);
  }

  private redraw(): void {
    this.drawn = "";
    this.draw();
  }

  private picture(schedule: Schedule): void {
    const { sources, tokens } = this.state;
    this.one("[data-other]").hidden = this.by !== "diff";
    if (this.by === "share") this.area.draw(schedule, sources, tokens, this.state.past);
    else totals(this.one("[data-area]"), this.arm(schedule), sources, tokens, this.by === "diff" ? this.other(schedule) : undefined);
  }

  // arm is the one that trains a schedule.
  private arm(schedule: Schedule): Arm | undefined {
    return this.state.arms?.find((a) => a.of === schedule.name);
  }

  // other is the arm that a schedule is compared with: the chosen one, else the baseline, else what is there.
  private other(schedule: Schedule): Arm | undefined {
    const own = this.arm(schedule);
    const all = (this.state.arms ?? []).filter((a) => a !== own);
    const select = this.one<HTMLSelectElement>("[data-other]");
    const wanted = all.find((a) => a.name === select.value) ?? all.find((a) => a.name === this.state.baseline) ?? all.find((a) => a.of === schedule.name) ?? all[0];
    select.replaceChildren(...all.map((a) => html("option", { value: a.name, selected: a === wanted }, a.label)));
    return wanted ?? own;
  }

  private choose(name: string): void {
    this.next = "";
    this.state.arm = name;
    this.draw();
    this.doc.look();
  }

  // make sends a button's edits; those of one press are undone together.
  private make({ edits, arm }: change.Made): void {
    if (arm !== undefined) this.next = arm;
    this.moving = false;
    this.drawn = ""; // the field that it came from shows what was typed
    if (edits.length) this.doc.change(edits, `made ${++this.gesture}`);
  }

  // build makes edits that change which schedules and stages there are: of the schedule that is looked at, once all before
  // is answered. Until it is answered itself, buttons and fields of schedules rest; those behind a typed name wait.
  private build(make: (schedule: Schedule) => change.Made): void {
    const box = this.one("[data-schedules]");
    const from = document.activeElement;
    if (box.inert) return;
    box.inert = !(from instanceof HTMLInputElement);
    const rests = box.inert;
    this.building++;
    this.built = this.built.then(async () => {
      const name = this.schedule()?.name;
      await this.doc.idle();
      const schedule = this.state.schedules?.find((s) => s.name === name);
      if (schedule) this.make(make(schedule));
      await this.doc.idle();
      this.next = "";
      this.building--;
      if (!rests) return;
      box.inert = false;
      if (document.activeElement === document.body && from instanceof HTMLElement) (from.isConnected ? from : document.getElementById(from.id || "-"))?.focus();
    });
  }

  // after makes edits of the schedule that is looked at, once what is being built is there.
  private after(make: (schedule: Schedule) => change.Made): void {
    const go = (): void => {
      const schedule = this.schedule();
      if (schedule) this.make(make(schedule));
    };
    if (this.building) void this.built.then(go);
    else go();
  }

  // set changes a value of the schedule that is looked at.
  private set(path: string[], value: unknown): void {
    this.after(({ name }) => ({ edits: [{ op: "set", path: ["schedules", name, ...path], value }] }));
  }

  // moved shows a moved handle at once, and tells the server.
  private moved(to: Change): void {
    const schedule = this.schedule();
    const stage = schedule?.stages[to.stage];
    if (!schedule || !stage || this.building) return;
    const at = ["schedules", schedule.name, "stages", `${to.stage}`];
    const edits: Edit[] = [];
    if ("until" in to) {
      stage.until = decimal(to.until);
      edits.push({ op: "set", path: [...at, "until"], value: stage.until });
    } else {
      const both = (stage.shares[to.lower] ?? 0) + (stage.shares[to.upper] ?? 0);
      stage.shares[to.lower] = decimal(to.share);
      stage.shares[to.upper] = decimal(both - to.share);
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
    const { do: what, view, by } = button.dataset;
    if (view === "form" || view === "yaml") {
      this.view(view);
      this.keep();
    }
    if (by === "share" || by === "read" || by === "diff") {
      this.by = by;
      this.draw();
    }
    if (what === "undo" || what === "redo") void this.step(what === "undo" ? -1 : 1);
    if (what === "fit") void this.fit();
    if (button.dataset.edits) void this.put(JSON.parse(button.dataset.edits) as Edit[], button.dataset.then ?? "");
    if (what === "resume") this.resume(draft.last());
    if (what === "split") this.build((s) => change.split(this.state, s));
    if (what === "duplicate") this.build((s) => change.duplicate(this.state, s));
    if (what === "add") this.build(() => change.add(this.state));
    if (what === "drop") this.build((s) => change.drop(this.state, s));
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
    const dialog = document.getElementById("review") as HTMLDialogElement;
    if (dialog.querySelector("[data-launch]") && this.one("[data-review]") ) released(() => show(dialog));
  }

  private async step(by: -1 | 1): Promise<void> {
    this.text.flush();
    await this.doc.step(by);
    this.text.put(this.doc.text);
  }

  // cost asks again when the rate or the utilisation changed; this browser remembers the rate.
  private cost(event: Event): void {
    const field = event.target as HTMLInputElement;
    if (field.dataset.cost === undefined) return;
    const rate = field.value.normalize("NFKC").replace(/[^\d.]/g, "");
    if (field.id === "rate" && rate) localStorage.setItem(rateKey, rate);
    if (field.id === "rate" && !rate) localStorage.removeItem(rateKey);
    this.doc.look();
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
