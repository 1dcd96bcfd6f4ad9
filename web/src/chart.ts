// Draws figures with ECharts. The server sends data and meaning (package chart); this file and its neighbours own looks:
// colours from the style sheet, one theme, labels, crosses, the keyboard. No HTML is made from data.

import { CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GraphicComponent, GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use, type ECharts } from "echarts/core";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";
import { accuracy } from "./chart-accuracy";
import { curve } from "./chart-curve";
import type { Figure, Sheet, Stop } from "./chart-figure";
import { matrix } from "./chart-matrix";
import { mixture } from "./chart-mixture";
import { framed, roomy } from "./chart-picture";
import { response } from "./chart-response";
import { ternary } from "./chart-ternary";
import { ends, readTheme, textWidth } from "./chart-theme";
import { tradeoff, type Drawing } from "./chart-tradeoff";
import { zoomable, type Zoom } from "./chart-zoom";
import { say, type Lang } from "./format";
import type { Picture } from "./picture";

export type { Figure } from "./chart-figure";
export type { Frame } from "./chart-zoom";

use([LineChart, ScatterChart, CustomChart, GridComponent, TooltipComponent, MarkAreaComponent, MarkLineComponent, GraphicComponent, CanvasRenderer, SVGRenderer]);

// Chart is one figure on the page.
export interface Chart {
  update(figure: Figure): void; // in place, nothing moves
  picture(of: string): Picture; // to be saved, of what the page is about
  dispose(): void;
}

const kinds: Record<Figure["kind"], (sheet: Sheet) => Drawing> = { tradeoff, curve, mixture, accuracy, response, ternary, device: accuracy, matrix };

// draw puts a figure into an element that has a size, and keeps it true to the element's width and the page's scheme.
// Where zoom is given, a reader may ask for a part of it.
export function draw(element: HTMLElement, figure: Figure, lang: Lang, zoom?: Zoom): Chart {
  const chart = init(element, null, { renderer: "canvas" });
  let current = figure;
  let stops: Stop[] = [];
  const sheet = (): Sheet => ({ figure: current, lang, width: element.clientWidth, height: element.clientHeight, theme: readTheme() });
  const redraw = (): void => {
    if (!element.clientWidth || !element.clientHeight) return;
    const drawing = lay(sheet());
    stops = drawing.stops;
    chart.resize();
    chart.setOption(drawing.option, true);
    element.dataset.drawn = JSON.stringify(points(chart, drawing));
    describe(element, current, lang, stops.length > 0, zoom !== undefined);
    keys.show(); // new data must not take away what someone reads
  };
  const zooming = zoom && zoomable(element, chart, () => ends(sheet(), "x"), zoom); // before the steps: it takes shift and an arrow
  const keys = step(element, chart, () => stops);
  const watch = watched(element, redraw);
  redraw();
  return {
    update(next) {
      current = next;
      redraw();
    },
    picture: (of) => image(roomy(sheet()), of),
    dispose() {
      watch();
      zooming?.();
      keys.end();
      chart.dispose();
    },
  };
}

// lay is the drawing of a figure; one without points shows its axes and says when the first will come.
function lay(sheet: Sheet): Drawing {
  const drawing = kinds[sheet.figure.kind](sheet);
  const text = say(sheet.figure.empty, sheet.lang);
  if (!text) return drawing;
  const { theme, width, height } = sheet;
  const style = { text, fill: theme.colour("ink-3"), font: `12px ${theme.font}`, width: Math.min(width - 80, textWidth(text, 12, theme) + 4), overflow: "break", textAlign: "center", backgroundColor: theme.colour("page"), padding: [4, 8] };
  const notice = { type: "text", silent: true, x: width / 2, y: height / 2 - 16, z: 10, style };
  return { ...drawing, option: { ...drawing.option, graphic: [notice] } };
}

// picture is a figure that no page draws, in a size of its own, to be saved.
export function picture(figure: Figure, lang: Lang, width: number, height: number, of: string): Picture {
  return image(roomy({ figure, lang, width, height, theme: readTheme() }), of);
}

// image is the figure, drawn aside.
function image(sheet: Sheet, of: string): Picture {
  const aside = init(null, null, { renderer: "svg", ssr: true, width: sheet.width, height: sheet.height });
  aside.setOption({ ...lay(sheet).option, backgroundColor: sheet.theme.colour("page") });
  const text = aside.renderToSVGString();
  aside.dispose();
  return framed(text, sheet, of);
}

// points counts, for each named series, the points that lie within the chart's frame: what stands on the canvas can't be
// asked otherwise.
function points(chart: ECharts, { option }: Drawing): Record<string, number> {
  const { series } = option as { series: { id?: string; type: string; data: number[][] }[] };
  const counts: Record<string, number> = {};
  series.forEach(({ id, type, data }, seriesIndex) => {
    if (type !== "scatter" || id === undefined) return;
    const within = (p: number[]): boolean => chart.containPixel({ seriesIndex }, chart.convertToPixel({ seriesIndex }, p));
    counts[id] = data.filter(within).length;
  });
  return counts;
}

// describe says what the figure shows to who doesn't see it.
function describe(element: HTMLElement, figure: Figure, lang: Lang, steps: boolean, zooms: boolean): void {
  const hint = { ja: "左右の矢印キーで点をたどれます。", en: "Left and right arrow keys step through the points." }[lang];
  const zoom = { ja: "+ で拡大、- で縮小、Shift と矢印で移動、0 で全体。", en: "+ zooms in, - zooms out, shift and an arrow moves, 0 shows all." }[lang];
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", [say(figure.title, lang), say(figure.subtitle, lang)].filter(Boolean).join(" – "));
  element.setAttribute("aria-description", [say(figure.description, lang), say(figure.empty, lang), steps ? hint : "", zooms ? zoom : ""].filter(Boolean).join(" "));
  element.tabIndex = 0;
}

// watched calls back when the element's size or the page's colours change; what it returns ends that.
function watched(element: HTMLElement, changed: () => void): () => void {
  let frame = 0;
  let size = `${element.clientWidth} ${element.clientHeight}`;
  const later = (): void => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(changed);
  };
  const resized = new ResizeObserver(() => {
    const now = `${element.clientWidth} ${element.clientHeight}`;
    if (now !== size) later();
    size = now;
  });
  resized.observe(element);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", later);
  const chosen = new MutationObserver(later);
  chosen.observe(document.documentElement, { attributes: true, attributeFilter: ["data-scheme"] });
  return () => {
    cancelAnimationFrame(frame);
    resized.disconnect();
    chosen.disconnect();
    scheme.removeEventListener("change", later);
  };
}

// step moves through the points by keyboard: it shows each point's tooltip and says it aloud.
function step(element: HTMLElement, chart: ECharts, stops: () => Stop[]): { show(): void; end(): void } {
  const voice = document.createElement("p");
  voice.className = "vh";
  voice.setAttribute("aria-live", "polite");
  element.after(voice);
  let place = -1;
  const show = (): void => {
    const stop = stops()[place];
    if (stop) chart.dispatchAction({ type: "showTip", seriesIndex: stop.series, dataIndex: stop.index });
  };
  const leave = (): void => {
    place = -1;
    voice.textContent = "";
    chart.dispatchAction({ type: "hideTip" });
  };
  const press = (event: KeyboardEvent): void => {
    const last = stops().length - 1;
    const next = { ArrowRight: Math.min(last, place + 1), ArrowLeft: place < 0 ? last : Math.max(0, place - 1), Home: 0, End: last }[event.key];
    if (event.key === "Escape") leave();
    if (next === undefined || last < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    place = next;
    show();
    voice.textContent = stops()[place]?.text() ?? "";
  };
  element.addEventListener("keydown", press);
  element.addEventListener("blur", leave);
  return {
    show,
    end() {
      element.removeEventListener("keydown", press);
      element.removeEventListener("blur", leave);
      voice.remove();
    },
  };
}
