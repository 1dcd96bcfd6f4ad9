// The page of a new experiment. Form and text are two views of one document. The browser draws; what a document means,
// runs and costs is the server's to say, after every change.

import { area, type Change } from "./editor-area";
import { Doc } from "./editor-document";
import { fields } from "./editor-form";
import { stages } from "./editor-stages";
import { decimal, order, read, share, t, type Arm, type Edit, type Schedule, type State } from "./editor-state";
import { tabs } from "./editor-tabs";
import { text } from "./editor-text";
import { totals } from "./editor-totals";
import { localised } from "./editor-time";
import { html } from "./element";
import { percent } from "./format";

const pause = 300; // milliseconds without a keystroke in the text before it is read
const rateKey = "haigo.rate";

export function edit(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-editor]");
  if (!form) return;
  new Page(form).open();
}

class Page {
  private state: State;
  private by: "share" | "read" | "diff" = "share";
  private gesture = 0; // counts moves of handles that belong together
  private readonly doc: Doc;
  private readonly text;
  private readonly area;

  constructor(private readonly form: HTMLFormElement) {
    this.state = read<State>(document, "state");
    const written = debounced(() => this.doc.write(this.text.value(), "text"), pause);
    this.text = text(form, written);
    this.doc = new Doc(this.text.value(), () => this.asked(), (page, state) => this.answer(page, state), (away) => this.away(away));
    this.area = area(this.one("[data-area]"), (c) => this.moved(c), () => this.gesture++);
  }

  open(): void {
    for (const e of this.all("[data-scripted]")) e.hidden = false;
    fields(this.one('[data-pane="form"]'), () => this.state, (edits, key) => this.doc.change(edits, key + " " + ++this.gesture));
    this.form.addEventListener("click", (event) => this.click(event));
    this.form.addEventListener("change", (event) => this.cost(event));
    this.one("[data-other]").addEventListener("change", () => this.draw());
    this.form.addEventListener("submit", (event) => this.submit(event));
    document.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(this.one(".ed"));
    this.recall();
    this.view(this.text.value().trim() === "" || this.state.readable ? "form" : "yaml");
    this.draw();
    localised(document);
    if (this.text.value().trim()) this.doc.look(); // what this browser remembers of rates is the server's to reckon with
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
    return { arm: this.schedule()?.name ?? "", use: value("use"), rate: value("rate") || localStorage.getItem(rateKey) || "" };
  }

  // recall takes what was written before the language was changed, in this tab alone.
  private recall(): void {
    const draft = sessionStorage.getItem("draft");
    sessionStorage.removeItem("draft");
    if (draft !== null && draft !== this.text.value()) {
      this.text.put(draft);
      this.doc.write(draft, "");
    }
    for (const link of document.querySelectorAll(".lang a")) link.addEventListener("click", () => sessionStorage.setItem("draft", this.text.value()));
  }

  private answer(page: Document, state: State): void {
    const arm = this.state.arm;
    this.state = state;
    if (!this.schedule() || state.schedules?.some((s) => s.name === arm)) this.state.arm = arm;
    if (state.readable) this.text.put(state.document);
    renew(page);
    this.text.number();
    this.draw();
    localised(document);
  }

  private draw(): void {
    const schedule = this.schedule();
    this.one("[data-schedules]").hidden = !schedule;
    for (const [name, on] of [["undo", this.doc.undoable], ["redo", this.doc.redoable]] as const) this.one<HTMLButtonElement>(`[data-do=${name}]`).disabled = !on;
    if (!schedule || this.one('[data-pane="form"]').hidden) return;
    tabs(this.one("[data-tabs]"), this.state, schedule, (name) => this.choose(name));
    this.name(schedule);
    this.one<HTMLButtonElement>("[data-do=drop]").disabled = this.state.schedules.length < 2;
    for (const button of this.all("[data-by]")) button.setAttribute("aria-pressed", String(button.dataset.by === this.by));
    const { sources, tokens } = this.state;
    this.one("[data-other]").hidden = this.by !== "diff";
    if (this.by === "share") this.area.draw(schedule, sources, tokens);
    else totals(this.one("[data-area]"), this.arm(schedule), sources, tokens, this.by === "diff" ? this.other(schedule) : undefined);
    stages(this.one("[data-stages]"), schedule, sources, tokens, {
      until: (i, v) => this.set(["stages", `${i}`, "until"], decimal(v)),
      ramp: (i, ramp) => this.ramp(i, ramp),
      share: (i, k, v) => this.set(["stages", `${i}`, "mixture", sources[k]?.name ?? ""], decimal(v)),
      remove: (i) => this.removeStage(i),
    });
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

  // name is the schedule's name, to be changed, and its overall shares.
  private name(schedule: Schedule): void {
    const box = this.one("[data-name]");
    const input = box.querySelector("input") ?? box.appendChild(named((to) => this.rename(to)));
    if (document.activeElement !== input) input.value = input.defaultValue = schedule.name;
    const note = box.querySelector(".average") ?? box.appendChild(Object.assign(document.createElement("span"), { className: "small dimmer average" }));
    const end = this.arm(schedule)?.read.at(-1);
    const all = end?.reduce((a, b) => a + b, 0) ?? 0;
    note.textContent = end && all ? `${t("average")} ${order(this.state.sources).map((k) => `${this.state.sources[k]?.name} ${percent((end[k] ?? 0) / all, 0)}`).join(" · ")}` : "";
  }

  private choose(name: string): void {
    this.state.arm = name;
    this.draw();
    this.doc.look();
  }

  // set changes a value of the schedule that is looked at.
  private set(path: string[], value: unknown): void {
    const schedule = this.schedule();
    if (schedule) this.doc.change([{ op: "set", path: ["schedules", schedule.name, ...path], value }], path.join("/") + " " + ++this.gesture);
  }

  // moved shows a moved handle at once, and tells the server.
  private moved(change: Change): void {
    const schedule = this.schedule();
    const stage = schedule?.stages[change.stage];
    if (!schedule || !stage) return;
    const at = ["schedules", schedule.name, "stages", `${change.stage}`];
    const edits: Edit[] = [];
    if ("until" in change) {
      stage.until = change.until;
      edits.push({ op: "set", path: [...at, "until"], value: decimal(change.until) });
    } else {
      const { lower, upper, share } = change;
      const both = (stage.shares[lower] ?? 0) + (stage.shares[upper] ?? 0);
      stage.shares[lower] = decimal(share);
      stage.shares[upper] = decimal(both - share);
      for (const k of [lower, upper]) edits.push({ op: "set", path: [...at, "mixture", this.state.sources[k]?.name ?? ""], value: stage.shares[k] });
    }
    this.draw();
    this.doc.change(edits, `handle ${this.gesture}`);
  }

  private ramp(i: number, ramp: string): void {
    const path = ["schedules", this.schedule()?.name ?? "", "stages", `${i}`, "ramp"];
    this.doc.change([ramp === "none" ? { op: "remove", path } : { op: "set", path, value: ramp }], `ramp ${++this.gesture}`);
  }

  private removeStage(i: number): void {
    const schedule = this.schedule();
    if (!schedule) return;
    const at = ["schedules", schedule.name, "stages"];
    const edits: Edit[] = [{ op: "remove", path: [...at, `${i}`] }];
    if (i === schedule.stages.length - 1) edits.push({ op: "set", path: [...at, `${i - 1}`, "until"], value: 1 });
    if (i === 0 && schedule.stages[1]?.ramp !== "none") edits.push({ op: "remove", path: [...at, "0", "ramp"] });
    this.doc.change(edits, `stage ${++this.gesture}`);
  }

  // split cuts the longest stage in two that read the same.
  private split(): void {
    const schedule = this.schedule();
    if (!schedule) return;
    const starts = schedule.stages.map((_, i) => schedule.stages[i - 1]?.until ?? 0);
    const lengths = schedule.stages.map((s, i) => s.until - (starts[i] ?? 0));
    const i = lengths.indexOf(Math.max(...lengths));
    const until = decimal(Math.round(((starts[i] ?? 0) + (lengths[i] ?? 0) / 2) * 100) / 100);
    const { ramp } = schedule.stages[i] ?? { ramp: "none" };
    const mixture = this.mixture(this.state.sources.map((_, k) => decimal(share(schedule, k, until))));
    const stage = ramp === "none" ? { until, mixture } : { until, mixture, ramp };
    this.doc.change([{ op: "insert", path: ["schedules", schedule.name, "stages", `${i}`], value: stage }], `split ${++this.gesture}`);
  }

  private mixture(shares: number[]): Record<string, number> {
    return Object.fromEntries(this.state.sources.map((s, k) => [s.name, shares[k] ?? 0] as const).filter(([, v]) => v > 0));
  }

  // duplicate makes another schedule with the same stages, or a new one with equal shares, and looks at it.
  private duplicate(fresh: boolean): void {
    const schedule = this.schedule();
    if (!schedule) return;
    const n = this.state.sources.length;
    const whole = 100 - 100 % n;
    const even = this.state.sources.map((_, k) => (whole / n + (k === 0 ? 100 - whole : 0)) / 100);
    const copy = schedule.stages.map((s) => ({ until: s.until, mixture: this.mixture(s.shares), ...(s.ramp === "none" ? {} : { ramp: s.ramp }) }));
    const name = this.free(fresh ? "constant" : schedule.name);
    this.state.arm = name;
    const value = { stages: fresh ? [{ until: 1, mixture: this.mixture(even.map(decimal)) }] : copy };
    this.doc.change([{ op: "set", path: ["schedules", name], value }], `schedule ${++this.gesture}`);
  }

  // free is a name that no schedule has.
  private free(name: string): string {
    const stem = name.replace(/-\d+$/, "");
    const taken = (candidate: string): boolean => this.state.schedules.some((s) => s.name === candidate);
    for (let n = 2; taken(name); n++) name = `${stem}-${n}`;
    return name;
  }

  // rename gives the schedule another name, wherever it is named.
  private rename(to: string): void {
    const schedule = this.schedule();
    const name = to.normalize("NFKC").trim();
    if (!schedule || !name || name === schedule.name) return;
    const edits: Edit[] = [{ op: "rename", path: ["schedules", schedule.name], value: name }];
    if (this.form.querySelector<HTMLSelectElement>('[data-path="design/baseline"]')?.value === schedule.name) edits.push({ op: "set", path: ["design", "baseline"], value: name });
    this.state.arm = name;
    this.doc.change(edits, `name ${++this.gesture}`);
  }

  private drop(): void {
    const schedule = this.schedule();
    if (!schedule || this.state.schedules.length < 2) return;
    const edits: Edit[] = [{ op: "remove", path: ["schedules", schedule.name] }];
    if (this.form.querySelector<HTMLSelectElement>('[data-path="design/baseline"]')?.value === schedule.name) edits.push({ op: "remove", path: ["design", "baseline"] });
    this.state.arm = this.state.schedules.find((s) => s !== schedule)?.name ?? "";
    this.doc.change(edits, `drop ${++this.gesture}`);
  }

  private view(which: "form" | "yaml"): void {
    for (const pane of this.all("[data-pane]")) pane.hidden = pane.dataset.pane !== which;
    for (const button of this.all("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === which));
    this.draw();
  }

  private click(event: Event): void {
    const button = (event.target as Element).closest<HTMLButtonElement>("button");
    if (!button) return;
    const { do: what, view, by } = button.dataset;
    if (view === "form" || view === "yaml") this.view(view);
    if (by === "share" || by === "read" || by === "diff") {
      this.by = by;
      this.draw();
    }
    if (what === "undo") this.doc.step(-1);
    if (what === "redo") this.doc.step(1);
    if (what === "split") this.split();
    if (what === "duplicate") this.duplicate(false);
    if (what === "add") this.duplicate(true);
    if (what === "drop") this.drop();
    if (button.dataset.review !== undefined) {
      event.preventDefault();
      (document.getElementById("review") as HTMLDialogElement).showModal();
    }
  }

  // cost asks again when the rate or the utilisation changed; this browser remembers the rate.
  private cost(event: Event): void {
    const field = event.target as HTMLInputElement;
    if (field.dataset.cost === undefined) return;
    if (field.id === "rate") localStorage.setItem(rateKey, this.asked().rate);
    if (field.id === "rate" && field.value.trim() === "") localStorage.removeItem(rateKey);
    this.doc.look();
  }

  // submit lets the form be sent by a button that is meant for it, with the document as it is now.
  private submit(event: SubmitEvent): void {
    if (event.submitter instanceof HTMLButtonElement && event.submitter.type === "submit") this.text.put(this.doc.text);
    else event.preventDefault();
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const typed = target.matches("textarea, input:not([type=checkbox])");
    if (event.key === "Enter" && target.matches("[data-cost]")) {
      event.preventDefault();
      target.dispatchEvent(new Event("change", { bubbles: true }));
    }
    if (typed || !(event.ctrlKey || event.metaKey)) return;
    const back = event.key.toLowerCase() === "z" && !event.shiftKey;
    const forth = event.key.toLowerCase() === "y" || (event.key.toLowerCase() === "z" && event.shiftKey);
    if (back || forth) {
      event.preventDefault();
      this.doc.step(back ? -1 : 1);
    }
  }

  private away(away: boolean): void {
    const note = document.getElementById("away");
    if (!away) note?.remove();
    else if (!note) this.one("#problems").prepend(Object.assign(document.createElement("p"), { id: "away", className: "note bad", textContent: t("away") }));
  }
}

// named is the field of a schedule's name.
function named(rename: (to: string) => void): HTMLInputElement {
  const input = Object.assign(document.createElement("input"), { className: "in s arm-name", id: "arm-name", autocomplete: "off" });
  input.setAttribute("aria-label", t("rename"));
  input.addEventListener("change", () => rename(input.value));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    input.blur();
  });
  return input;
}

// renew replaces the parts of the page that changed. A field that is being typed in stays, and keeps its focus.
function renew(page: Document): void {
  for (const old of document.querySelectorAll<HTMLElement>("[data-check]")) {
    const now = page.getElementById(old.id);
    if (!now || old.isEqualNode(now)) continue;
    const active = old.contains(document.activeElement) ? (document.activeElement as HTMLElement) : undefined;
    if (active instanceof HTMLInputElement && active.type !== "checkbox" && active.value !== active.defaultValue) {
      const kept = now.querySelector<HTMLInputElement>("#" + CSS.escape(active.id || "-"));
      if (kept?.defaultValue !== active.value) continue;
    }
    old.replaceWith(document.importNode(now, true));
    if (active?.id) document.getElementById(active.id)?.focus();
  }
}

function debounced(work: () => void, wait: number): () => void {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, wait);
  };
}
