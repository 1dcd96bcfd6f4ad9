// What the editor's buttons do to a document: each makes edits of a schedule as it is drawn, and says which one to look at.

import { complete, decimal, share, sum, type Edit, type Schedule, type State } from "./editor-state";

export interface Made {
  edits: Edit[];
  arm?: string; // the schedule to look at from now on
}

const at = (schedule: Schedule, ...path: (string | number)[]): string[] => ["schedules", schedule.name, ...path.map(String)];

function mixture(state: State, shares: number[]): Record<string, number> {
  return Object.fromEntries(state.sources.map((s, k) => [s.name, shares[k] ?? 0] as const).filter(([, v]) => v > 0));
}

// split cuts the longest stage in two that read the same.
export function split(state: State, schedule: Schedule): Made {
  if (!schedule.stages.length) return { edits: [{ op: "set", path: at(schedule, "stages"), value: even(state) }] };
  const starts = schedule.stages.map((_, i) => schedule.stages[i - 1]?.until ?? 0);
  const lengths = schedule.stages.map((s, i) => s.until - (starts[i] ?? 0));
  const i = lengths.indexOf(Math.max(...lengths));
  const until = decimal(Math.round(((starts[i] ?? 0) + (lengths[i] ?? 0) / 2) * 100) / 100);
  const ramp = schedule.stages[i]?.ramp ?? "none";
  const value = { until, mixture: mixture(state, between(state, schedule, until)), ...(ramp === "none" ? {} : { ramp }) };
  return { edits: [{ op: "insert", path: at(schedule, "stages", i), value }] };
}

// between are the shares at a point: of a stage without a ramp its own, of a ramp a whole in ten-thousandths.
function between(state: State, schedule: Schedule, at: number): number[] {
  const shares = state.sources.map((_, k) => share(schedule, k, at));
  const whole = Math.abs(shares.reduce((a, b) => a + b, 0) - 1) < 1e-9;
  return schedule.stages.find((s) => at < s.until)?.ramp !== "none" && whole ? proportional(shares) : shares;
}

// duplicate makes another schedule with the same stages.
export function duplicate(state: State, schedule: Schedule): Made {
  const stages = schedule.stages.map((s) => ({ until: s.until, mixture: mixture(state, s.shares), ...(s.ramp === "none" ? {} : { ramp: s.ramp }) }));
  return added(state, schedule.name, stages.length ? stages : even(state));
}

// add makes a schedule that is constant, with equal shares.
export function add(state: State): Made {
  return added(state, "constant", even(state));
}

// even is one stage with equal shares.
function even(state: State): unknown[] {
  const n = state.sources.length;
  const shares = state.sources.map((_, k) => Math.floor(100 / n) + (k < 100 % n ? 1 : 0));
  return [{ until: 1, mixture: mixture(state, shares.map((v) => v / 100)) }];
}

function added(state: State, like: string, stages: unknown[]): Made {
  const arm = free(state, like);
  return { edits: [{ op: "set", path: ["schedules", arm], value: { stages } }], arm };
}

// free is a name that no schedule has.
function free(state: State, name: string): string {
  const stem = name.replace(/-\d+$/, "");
  for (let n = 2; state.schedules.some((s) => s.name === name); n++) name = `${stem}-${n}`;
  return name;
}

// unnamed is the key of the words that say why a schedule can't have a name; empty where it can.
export function unnamed(state: State, schedule: Schedule, to: string): "" | "name" | "taken" {
  const name = to.normalize("NFKC").trim();
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) return "name";
  return name !== schedule.name && state.schedules.some((s) => s.name === name) ? "taken" : "";
}

// rename gives a schedule another name, wherever it is named.
export function rename(schedule: Schedule, to: string): Made {
  const value = to.normalize("NFKC").trim();
  if (!value || value === schedule.name) return { edits: [] };
  return { edits: [{ op: "rename", path: at(schedule), value }, ...schedule.named.map((path): Edit => ({ op: "set", path, value }))], arm: value };
}

// label sets what a schedule is called in charts; an empty one is its name.
export function label(schedule: Schedule, text: string): Made {
  const path = schedule.label_path;
  if (text.trim() === schedule.written) return { edits: [] };
  return { edits: [text.trim() ? { op: "set", path, value: text.trim() } : { op: "remove", path }] };
}

// drop takes a schedule out, and what names it with it.
export function drop(state: State, schedule: Schedule): Made {
  if (state.schedules.length < 2) return { edits: [] };
  const edits: Edit[] = [{ op: "remove", path: at(schedule) }, ...schedule.named.map((path): Edit => ({ op: "remove", path }))];
  return { edits, arm: state.schedules.find((s) => s !== schedule)?.name };
}

// removeStage lets the stage before, or where there is none the one behind, go on over it.
export function removeStage(schedule: Schedule, i: number): Made {
  const edits: Edit[] = [{ op: "remove", path: at(schedule, "stages", i) }];
  if (i === schedule.stages.length - 1) edits.push({ op: "set", path: at(schedule, "stages", i - 1, "until"), value: 1 });
  if (i === 0 && schedule.stages[1]?.ramp !== "none") edits.push({ op: "remove", path: at(schedule, "stages", 0, "ramp") });
  return { edits };
}

// ramp says how a stage is reached.
export function ramp(schedule: Schedule, i: number, how: string): Made {
  const path = at(schedule, "stages", i, "ramp");
  return { edits: [how === "none" ? { op: "remove", path } : { op: "set", path, value: how }] };
}

// spread makes the shares of incomplete stages a whole again, in the proportions that they have.
export function spread(state: State, stages: { schedule: Schedule; i: number }[]): Made {
  const edits: Edit[] = [];
  for (const { schedule, i } of stages) {
    const shares = schedule.stages[i]?.shares ?? [];
    proportional(shares).forEach((value, k) => {
      if (value !== shares[k]) edits.push({ op: "set", path: at(schedule, "stages", i, "mixture", state.sources[k]?.name ?? ""), value });
    });
  }
  return { edits };
}

// incomplete are the stages of all schedules whose shares make no whole, and that read anything.
export function incomplete(state: State): { schedule: Schedule; i: number }[] {
  return state.schedules.flatMap((schedule) => schedule.stages.map((stage, i) => ({ schedule, i, stage }))).filter(({ stage }) => !complete(stage) && sum(stage) > 0);
}

// proportional scales shares to a whole, in ten-thousandths; those cut off most get what is left over.
export function proportional(shares: number[]): number[] {
  const whole = shares.reduce((a, b) => a + b, 0);
  const exact = shares.map((v) => (v / whole) * 1e4);
  const out = exact.map(Math.floor);
  const left = 1e4 - out.reduce((a, b) => a + b, 0);
  const byLoss = exact.map((v, k) => ({ k, loss: v - Math.floor(v) })).sort((a, b) => b.loss - a.loss || a.k - b.k);
  for (const { k } of byLoss.slice(0, left)) out[k]!++;
  return out.map((v) => v / 1e4);
}
