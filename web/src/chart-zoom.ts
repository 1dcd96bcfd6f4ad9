// Zooming into curves, by mouse, finger and keyboard: dragging across the plot shows what was dragged over, a double click
// the half around it; + and − halve and double, shift and an arrow moves on, 0 shows all. What is shown then is the
// owner's to fetch: this only says what was asked for.

import type { ECharts } from "echarts/core";
import type { Ends } from "./chart-figure";

// Frame is a part of the x axis, in its unit.
export interface Frame {
  from: number;
  to: number;
}

// Zoom is a figure's owner: it knows the frame that was asked for last, shown already or not, and is told of the next.
export interface Zoom {
  frame(): Frame | undefined; // undefined: all
  go(frame?: Frame): void;
}

const least = 8; // pixels that count as a drag

type Span = Pick<Ends, "min" | "max">;

// zoomable lets a chart be zoomed; shown is what it shows now. What it returns ends that.
export function zoomable(element: HTMLElement, chart: ECharts, shown: () => Span, zoom: Zoom): () => void {
  const ends = (): Span => {
    const frame = zoom.frame();
    return frame ? { min: frame.from, max: frame.to } : shown();
  };
  const shade = document.createElement("div");
  shade.className = "zoom";
  shade.hidden = true;
  element.append(shade);
  element.classList.add("zooms");
  const asked = (a: number, b: number): void => zoom.go(tidy(a, b, ends(), element.clientWidth));
  const stop = [
    drag(element, shade, (px) => value(chart, px), asked),
    on(element, "dblclick", (event) => {
      const px = event.offsetX;
      if (!chart.containPixel("grid", [px, event.offsetY])) return;
      const span = ends().max - ends().min;
      asked(value(chart, px) - span / 4, value(chart, px) + span / 4);
    }),
    on(element, "keydown", (event) => press(event, ends(), asked, zoom.go)),
  ];
  return () => {
    for (const end of stop) end();
    shade.remove();
  };
}

const value = (chart: ECharts, px: number): number => chart.convertFromPixel({ xAxisIndex: 0 }, px) as number;

// tidy keeps a frame inside the axis' beginning, and its ends to the digits that a pixel can tell.
function tidy(a: number, b: number, { min, max }: Span, width: number): Frame {
  const digit = 10 ** Math.floor(Math.log10((max - min) / Math.max(width, 1)));
  const round = (v: number): number => Number((Math.round(Math.max(0, v) / digit) * digit).toPrecision(12));
  return { from: round(Math.min(a, b)), to: round(Math.max(a, b)) };
}

// press is what the keyboard asks for.
function press(event: KeyboardEvent, { min, max }: Span, asked: (a: number, b: number) => void, go: Zoom["go"]): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const span = max - min;
  const moves: Record<string, () => void> = {
    "+": () => asked(min + span / 4, max - span / 4),
    "=": () => asked(min + span / 4, max - span / 4),
    "-": () => asked(min - span / 2, max + span / 2),
    "0": () => go(),
  };
  const shifts: Record<string, number> = { ArrowLeft: -Math.min(span / 2, min), ArrowRight: span / 2 };
  const shift = event.shiftKey ? shifts[event.key] : undefined;
  const move = shift === undefined ? moves[event.key] : () => asked(min + shift, max + shift);
  if (!move) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // an arrow without shift steps through the points
  move();
}

// drag shades what is dragged over, from the plot on.
function drag(element: HTMLElement, shade: HTMLElement, at: (px: number) => number, asked: (a: number, b: number) => void): () => void {
  let start = NaN;
  const x = (event: PointerEvent): number => Math.min(Math.max(event.clientX - element.getBoundingClientRect().left, 0), element.clientWidth);
  const wide = (event: PointerEvent): boolean => Math.abs(x(event) - start) >= least;
  const ends = [
    on(element, "pointerdown", (event) => {
      if (event.button === 0 && event.isPrimary) start = x(event);
    }),
    on(element, "pointermove", (event) => {
      if (!Number.isFinite(start) || !wide(event)) return;
      if (!element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId);
      shade.hidden = false;
      shade.style.left = `${Math.min(start, x(event))}px`;
      shade.style.width = `${Math.abs(x(event) - start)}px`;
    }),
    on(element, "pointerup", (event) => {
      if (!shade.hidden && wide(event)) asked(at(start), at(x(event)));
      start = NaN;
      shade.hidden = true;
    }),
    on(element, "pointercancel", () => {
      start = NaN;
      shade.hidden = true;
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function on<K extends keyof HTMLElementEventMap>(element: HTMLElement, name: K, heard: (event: HTMLElementEventMap[K]) => void): () => void {
  element.addEventListener(name, heard as EventListener);
  return () => element.removeEventListener(name, heard as EventListener);
}
