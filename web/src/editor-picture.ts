// The schedule that is looked at: its tabs, its name, its drawing in one of three views, and the numbers beside it.

import { area, type Area, type Change } from "./editor-area";
import { head, type Called } from "./editor-head";
import { stages, type Wanted } from "./editor-stages";
import { knots, share, t, wrongIn, type Arm, type Schedule, type State } from "./editor-state";
import { tabs } from "./editor-tabs";
import { totals } from "./editor-totals";
import { pointed, tables } from "./drawing";
import { html } from "./element";
import type { Table } from "./table";

export type By = "share" | "read" | "diff";

// Hand is who makes of it what somebody does with it.
export interface Hand extends Called, Wanted {
  begun(): void; // a handle is about to be moved
  moved(change: Change): void;
  choose(schedule: string): void;
}

export class Picture {
  by: By = "share";
  against = ""; // the arm that is compared with; empty: the baseline
  private drawn = ""; // what is drawn; empty: it is to be drawn whatever it is
  private readonly area: Area;
  private shown: { state: State; schedule: Schedule } | undefined;

  constructor(private readonly form: HTMLFormElement, private readonly hand: Hand) {
    this.area = area(this.one("[data-area]"), () => hand.begun(), (c) => hand.moved(c));
    pointed(this.one("#area"), () => this.points());
  }

  private one<E extends Element = HTMLElement>(selector: string): E {
    return this.form.querySelector(selector) as unknown as E;
  }

  // forget lets the next drawing be made whatever is drawn.
  forget(): void {
    this.drawn = "";
  }

  draw(state: State, schedule: Schedule): void {
    head(this.one("[data-name]"), state, schedule, armOf(state, schedule), this.hand);
    this.shown = { state, schedule };
    const seen = this.seen(state, schedule);
    if (seen === this.drawn) return;
    this.drawn = seen;
    const wrong = wrongIn(state, schedule);
    tabs(this.one("[data-tabs]"), state, schedule, (name) => this.hand.choose(name));
    this.one<HTMLButtonElement>("[data-do=drop]").disabled = state.schedules.length < 2;
    for (const button of this.form.querySelectorAll<HTMLElement>("[data-by]")) button.setAttribute("aria-pressed", String(button.dataset.by === this.by));
    this.picture(state, schedule);
    stages(this.one("[data-stages]"), state, schedule, wrong, this.hand);
    this.one("[data-said]").replaceChildren(...wrong.filter((w) => w.stage < 0).map((w) => html("p", { class: "err" }, w.message)));
    tables(this.one("#area"));
  }

  // seen is all that the drawing of a schedule, its tabs and its numbers show.
  private seen({ schedules, sources, tokens, past, baseline, problems, arms }: State, { name }: Schedule): string {
    return JSON.stringify([name, schedules, sources, tokens, past, baseline, problems, this.by, this.by === "share" || [arms, this.against]]);
  }

  private picture(state: State, schedule: Schedule): void {
    const { sources, tokens, past } = state;
    this.one("#area").dataset.title = armOf(state, schedule)?.label ?? schedule.name;
    this.one("[data-other]").hidden = this.by !== "diff";
    if (this.by === "share") this.area.draw(schedule, sources, tokens, past);
    else totals(this.one("[data-area]"), armOf(state, schedule), sources, tokens, this.by === "diff" ? this.other(state, schedule) : undefined);
  }

  // other is the arm that a schedule is compared with: the chosen one, else the baseline, else what is there.
  private other(state: State, schedule: Schedule): Arm | undefined {
    const own = armOf(state, schedule);
    const all = (state.arms ?? []).filter((a) => a !== own);
    const wanted = all.find((a) => a.name === this.against) ?? all.find((a) => a.name === state.baseline) ?? all.find((a) => a.of === schedule.name) ?? all[0];
    const named = [...all, ...(state.more ?? [])];
    const chosen = named.find((a) => a.name === this.against) ?? wanted;
    this.one("[data-other]").replaceChildren(...named.map((a) => html("option", { value: a.name, selected: a === chosen }, a.label)));
    return wanted ?? own;
  }

  // points are those of the view: shares where edges turn, or tokens read at the points that the server told.
  private points(): Table {
    const columns = (format: "percent1" | "tokens"): Table["columns"] =>
      [{ key: "tokens", name: { ja: t("tokens"), en: t("tokens") }, format: "tokens" }, ...(this.shown?.state.sources ?? []).map(({ name }) => ({ key: name, name: { ja: name }, format }))];
    if (!this.shown) return { columns: columns("tokens"), rows: [] };
    const { state, schedule } = this.shown;
    if (this.by === "share") {
      const rows = knots(schedule).map(({ at, ends }) => [Math.round(at * state.tokens), ...state.sources.map((_, k) => Number(share(schedule, k, at, ends).toFixed(6)))]);
      return { columns: columns("percent1"), rows };
    }
    const arm = armOf(state, schedule);
    const other = this.by === "diff" ? this.other(state, schedule) : undefined;
    const rows = (arm?.tokens ?? []).map((at, i) => [at, ...(arm?.read[i] ?? []).map((v, k) => (other ? v - readAt(other, at, k) : v))]);
    return { columns: columns("tokens"), rows };
  }
}

// armOf is the arm that trains a schedule.
export function armOf(state: State, schedule: Schedule): Arm | undefined {
  return state.arms?.find((a) => a.of === schedule.name);
}

// readAt is what an arm has read of a source at a number of tokens, between the points that there are.
function readAt({ tokens, read }: Arm, at: number, k: number): number {
  const i = tokens.findIndex((v) => v >= at);
  if (i < 0) return read.at(-1)?.[k] ?? 0;
  const [from, to] = [tokens[i - 1] ?? 0, tokens[i] ?? at];
  const [a, b] = [read[i - 1]?.[k] ?? 0, read[i]?.[k] ?? 0];
  return to > from ? Math.round(a + ((b - a) * (at - from)) / (to - from)) : b;
}
