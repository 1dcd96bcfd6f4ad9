// The schedule as a stacked area over the token budget, with a handle for every boundary and every share. Each handle is a
// slider: it is moved by mouse, by touch, and by arrow keys (1%, with Shift 5%).

import { complete, knots, lang, order, share, sum, t, used, type Schedule, type Source } from "./editor-state";
import { path, points, svg } from "./element";
import { big, percent } from "./format";

// Change is a handle that was moved: the end of a stage, or the edge above a source of the stack.
export type Change = { stage: number; until: number } | { stage: number; lower: number; upper: number; share: number };

export interface Area {
  // past is the part of the run that it takes over from another.
  draw(schedule: Schedule, sources: Source[], tokens: number, past: number): void;
}

const height = 292;
const pad = { left: 44, right: 16, top: 34, bottom: 34 };
const least = 0.02; // between boundaries
const inner = height - pad.top - pad.bottom;

const burst = 1500; // milliseconds: keys pressed with longer rests move a handle anew

// area draws into root. begun is called before a handle is moved, moved with each change.
export function area(root: SVGSVGElement, begun: () => void, moved: (change: Change) => void): Area {
  let schedule: Schedule = { name: "", label: "", written: "", label_path: [], named: [], hue: 1, shape: "circle", stages: [] };
  let sources: Source[] = [];
  let tokens = 0;
  let past = 0;
  let width = 0;
  let drag = "";
  let rivals: SVGElement[] = []; // handles that lie where one was pressed, it first: which is moved, the way of the pointer says
  let from = 0; // where it was pressed, in pixels down the window
  let stack = new Set<number>(); // sources that the schedule has read since it is looked at: a share can come back from 0
  let finger = 0; // that moves it
  let pressed = { handle: "", at: 0 };

  const x = (f: number): number => pad.left + f * (width - pad.left - pad.right);
  const y = (v: number): number => height - pad.bottom - v * inner;
  const startOf = (k: number): number => (k ? (schedule.stages[k - 1]?.until ?? 0) : 0);

  function draw(): void {
    width = root.clientWidth || 800;
    root.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const focused = root.contains(document.activeElement) ? document.activeElement?.id : undefined;
    root.replaceChildren(...gaps(), ...areas(), ...axes(), ...labels(), ...trained(), ...boundaries(), ...handles());
    if (focused) root.querySelector<SVGElement>("#" + CSS.escape(focused))?.focus();
  }

  // keys are the sources of the stack, from the bottom.
  function keys(): number[] {
    return order(sources).filter((k) => stack.has(k));
  }

  // heights of the stack's edges at a knot.
  function edges(at: number, ends: boolean): number[] {
    let below = 0;
    return keys().map((k) => (below += share(schedule, k, at, ends)));
  }

  function areas(): SVGElement[] {
    const turns = knots(schedule);
    const stack = turns.map(({ at, ends }) => edges(at, ends));
    const along = (i: number): [number, number][] => turns.map(({ at }, j) => [x(at), y(i < 0 ? 0 : (stack[j]?.[i] ?? 0))]);
    const fills = keys().map((k, i) => svg("path", { d: path([...along(i), ...along(i - 1).reverse()]), fill: `var(--${sources[k]?.class}-a)` }));
    const lines = keys().slice(0, -1).map((k, i) => svg("polyline", { points: points(along(i)), fill: "none", stroke: `var(--${sources[k]?.class})`, "stroke-width": 2, "stroke-linejoin": "round" }));
    return [...fills, ...lines];
  }

  // gaps is what stands behind the areas: it is seen where shares are missing.
  function gaps(): SVGElement[] {
    const hatch = svg("pattern", { id: "gap", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { width: 7, height: 7, fill: "var(--bad-bg)" }), svg("path", { d: "M0 0V7", stroke: "var(--bad-line)", "stroke-width": 2 }));
    return [svg("defs", {}, hatch), svg("rect", { x: x(0), y: y(1), width: x(1) - x(0), height: y(0) - y(1), fill: "url(#gap)" })];
  }

  function axes(): SVGElement[] {
    const shares = [0, 0.25, 0.5, 0.75, 1].map((v) => svg("text", { class: "sub", x: pad.left - 8, y: y(v) + 4, "text-anchor": "end" }, percent(v, 0)));
    const ticks = (width < 480 ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]).flatMap((f) => [
      svg("line", { x1: x(f), x2: x(f), y1: y(0), y2: y(0) + 4, stroke: "var(--axis)" }),
      svg("text", { class: "sub", x: x(f), y: y(0) + 17, "text-anchor": f === 1 ? "end" : f ? "middle" : "start" },
        f ? big(f * tokens, lang()) + (f === 1 ? (lang() === "en" ? " " : "") + t("tokens") : "") : "0"),
    ]);
    return [...shares, ...ticks, svg("line", { x1: x(0), x2: x(1), y1: y(0), y2: y(0), stroke: "var(--axis)" })];
  }

  // name is how a source is called in the area: by its language, where it is that language's only one.
  function name(k: number): string {
    const s = sources[k];
    return s && sources.filter((o) => o.class === s.class).length === 1 ? s.lang : (s?.name ?? "");
  }

  function labels(): SVGElement[] {
    return schedule.stages.flatMap((stage, i) => {
      const start = x(startOf(i));
      const room = x(stage.until) - start;
      let below = 0;
      const texts = keys().map((k) => {
        const v = stage.shares[k] ?? 0;
        const middle = y(below + v / 2);
        below += v;
        const text = room > 190 || (room > 100 && v * inner > 48) ? `${name(k)} ${percent(v, 0)}` : percent(v, 0); // a handle lies in the middle
        return stage.ramp === "none" && v * inner > 20 && room > 44 && svg("text", { class: "lab", x: start + (room > 120 ? 12 : 8), y: middle + 5, fill: `var(--${sources[k]?.class}-t)` }, text);
      });
      const rest = 1 - sum(stage);
      if (!complete(stage) && rest > 0) texts.push(svg("text", { class: "lab gap", x: start + room / 2, y: y(1 - rest / 2) + 4, "text-anchor": "middle", fill: "var(--bad)" }, t("unassigned", { n: percent(rest, 1) })));
      return texts.filter((e): e is SVGTextElement => Boolean(e));
    });
  }

  // labelled is whether the shares that a stage comes to are written in the area: in itself, or in one that goes on so.
  function labelled(i: number): boolean {
    const [stage, next] = [schedule.stages[i], schedule.stages[i + 1]];
    return stage?.ramp === "none" || (next?.ramp === "none" && next.shares.every((v, k) => v === stage?.shares[k]));
  }

  // trained veils what the stages say of steps that another run has trained.
  function trained(): SVGElement[] {
    if (!past) return [];
    const end = x(Math.min(past, 1));
    return [
      svg("rect", { x: x(0), y: y(1), width: end - x(0), height: y(0) - y(1), fill: "var(--page)", opacity: 0.82, "pointer-events": "none" }),
      svg("line", { x1: end, x2: end, y1: y(1), y2: y(0), stroke: "var(--ink-3)", "stroke-dasharray": "4 3", "pointer-events": "none" }),
      svg("text", { class: "sub", x: (x(0) + end) / 2, y: y(0.5) + 4, "text-anchor": "middle", "pointer-events": "none" }, t("past")),
    ];
  }

  // handles are those of the edges between two sources, in the middle of a stage, or at the end of a ramp.
  function handles(): SVGElement[] {
    const all = keys();
    return schedule.stages.flatMap((stage, i) => {
      let below = 0;
      return all.slice(0, -1).map((k, j) => {
        below += stage.shares[k] ?? 0;
        const upper = all[j + 1] ?? k;
        const at = stage.ramp === "none" ? (startOf(i) + stage.until) / 2 : stage.until;
        const cx = Math.min(x(at), x(1) - 13);
        const cy = y(below);
        const v = stage.shares[k] ?? 0;
        const colour = `var(--${sources[k]?.class})`;
        return svg("g", {
          class: "h", id: `h-${i}-${k}`, tabindex: 0, role: "slider", "data-stage": i, "data-lower": k, "data-upper": upper, "aria-orientation": "vertical",
          "aria-label": t("edge", { n: i + 1, a: name(k), b: name(upper) }), "aria-valuemin": 0, "aria-valuemax": Math.round((v + (stage.shares[upper] ?? 0)) * 100),
          "aria-valuenow": Math.round(v * 100), "aria-valuetext": `${name(k)} ${percent(v, 0)}`,
        }, svg("rect", { x: cx - 22, y: cy - 14, width: 44, height: 28, fill: "transparent" }),
          !labelled(i) && svg("text", { class: "beside", x: cx - 17, y: cy + 4, "text-anchor": "end", fill: `var(--${sources[k]?.class}-t)` }, `${name(k)} ${percent(v, 0)}`),
          svg("rect", { class: "ring", x: cx - 13, y: cy - 5, width: 26, height: 10, rx: 5, fill: "var(--page)", stroke: colour, "stroke-width": 1.8 }),
          svg("path", { d: `M${cx - 4} ${cy}h8`, stroke: colour, "stroke-width": 1.4 }));
      });
    });
  }

  function boundaries(): SVGElement[] {
    return schedule.stages.slice(0, -1).map((stage, i) => {
      const cx = x(stage.until);
      const flag = Math.min(Math.max(cx - 43, 0), width - 86);
      const value = `${percent(stage.until, 0)} · ${big(stage.until * tokens, lang())}`;
      return svg("g", {
        class: "b", id: `b-${i}`, tabindex: 0, role: "slider", "data-stage": i, "aria-label": t("end", { n: i + 1 }), "aria-valuemin": Math.round(startOf(i) * 100),
        "aria-valuemax": Math.round((schedule.stages[i + 1]?.until ?? 1) * 100), "aria-valuenow": Math.round(stage.until * 100), "aria-valuetext": value,
      }, svg("rect", { x: cx - 14, y: 4, width: 28, height: height - pad.bottom, fill: "transparent" }),
        svg("line", { x1: cx, x2: cx, y1: 26, y2: y(0), stroke: "var(--ink)", "stroke-width": 1.2 }),
        svg("rect", { class: "ring", x: flag, y: 5, width: 86, height: 21, rx: 4, fill: "var(--ink)", stroke: "var(--ink)" }),
        svg("text", { class: "flag", x: flag + 43, y: 20, "text-anchor": "middle", fill: "var(--on-ink)" }, value));
    });
  }

  // move puts a handle at a place, in whole percents: the far end of its way where that is beyond.
  function move(handle: SVGElement, to: { f: number; v: number }): void {
    const i = Number(handle.dataset.stage);
    const stage = schedule.stages[i];
    if (!stage) return;
    const snap = (v: number, lo: number, hi: number): number => Math.min(hi, Math.max(lo, Math.round(v * 100) / 100));
    if (handle.classList.contains("b")) {
      moved({ stage: i, until: snap(to.f, startOf(i) + least, (schedule.stages[i + 1]?.until ?? 1) - least) });
      return;
    }
    const [lower, upper] = [Number(handle.dataset.lower), Number(handle.dataset.upper)];
    const both = (stage.shares[lower] ?? 0) + (stage.shares[upper] ?? 0);
    moved({ stage: i, lower, upper, share: snap(to.v - belowOf(i, lower), 0, both) });
  }

  function belowOf(stage: number, source: number): number {
    const all = keys();
    return all.slice(0, all.indexOf(source)).reduce((a, k) => a + (schedule.stages[stage]?.shares[k] ?? 0), 0);
  }

  // free is whether a share's handle can go up, or down.
  function free({ dataset: { stage, lower, upper } }: SVGElement, up: boolean): boolean {
    return (schedule.stages[Number(stage)]?.shares[Number(up ? upper : lower)] ?? 0) > 0;
  }

  // near are the handles of shares that lie where one is, it first, and the nearest of them.
  function near(handle: SVGElement): SVGElement[] {
    const at = (h: SVGElement): number => Number(h.querySelector(".ring")?.getAttribute("y"));
    const away = (h: SVGElement): number => (h === handle ? -1 : Math.abs(at(h) - at(handle)));
    const all = [...root.querySelectorAll<SVGElement>(`.h[data-stage="${handle.dataset.stage}"]`)];
    return handle.matches(".b") ? [] : all.filter((h) => away(h) < 14).sort((a, b) => away(a) - away(b));
  }

  // decided is whether it is known which handle is moved: of several that lie there, the one that can go where the pointer goes.
  function decided(down: number): boolean {
    if (rivals.length < 2) return true;
    if (Math.abs(down) < 2) return false;
    const one = rivals.find((h) => free(h, down < 0));
    rivals = [];
    if (!one || one.id === drag) return true;
    drag = one.id;
    one.focus();
    return true;
  }

  const handleOf = (target: EventTarget | null): SVGElement | null => (target as Element).closest<SVGElement>(".h, .b");
  // A finger on a handle moves it; elsewhere on the drawing it scrolls the page.
  root.addEventListener("touchstart", (event) => handleOf(event.target) && event.preventDefault(), { passive: false });
  root.addEventListener("pointerdown", (event) => {
    const handle = handleOf(event.target);
    if (!handle || drag || event.button !== 0) return; // a second finger moves nothing, and another button opens a menu
    event.preventDefault();
    drag = handle.id;
    finger = event.pointerId;
    rivals = near(handle);
    from = event.clientY;
    begun();
    root.setPointerCapture(event.pointerId);
    handle.focus();
  });
  root.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== finger || !decided(event.clientY - from)) return;
    const handle = root.querySelector<SVGElement>("#" + CSS.escape(drag));
    if (!handle) return;
    const box = root.getBoundingClientRect();
    move(handle, { f: (event.clientX - box.left - pad.left) / (width - pad.left - pad.right), v: 1 - (event.clientY - box.top - pad.top) / inner });
  });
  for (const type of ["pointerup", "pointercancel"] as const) {
    root.addEventListener(type, (event) => {
      if (event.pointerId !== finger) return;
      drag = "";
      pressed.handle = "";
    });
  }
  root.addEventListener("keydown", (event) => {
    const handle = handleOf(event.target);
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -100, End: 100 }[event.key];
    const stage = schedule.stages[Number(handle?.dataset.stage)];
    if (!handle || !stage || step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (pressed.handle !== handle.id || event.timeStamp - pressed.at > burst) begun();
    pressed = { handle: handle.id, at: event.timeStamp };
    const by = (step * (event.shiftKey ? 5 : 1)) / 100;
    const lower = Number(handle.dataset.lower);
    if (handle.classList.contains("b")) move(handle, { f: stage.until + by, v: 0 });
    else move(handle, { f: 0, v: belowOf(Number(handle.dataset.stage), lower) + (stage.shares[lower] ?? 0) + by });
  });

  return {
    draw(next, of, budget, before): void {
      const other = next.name !== schedule.name || of.map((s) => s.name).join() !== sources.map((s) => s.name).join();
      stack = new Set([...(other ? [] : stack), ...used(next, of)]);
      [schedule, sources, tokens, past] = [next, of, budget, before];
      draw();
    },
  };
}
