// Numbers as pages write them, in each language: the one formatter of charts and of the tables beside them. The server
// writes its own pages by the same rules; testdata/numbers.json holds the examples that both are held to.

export type Lang = "ja" | "en";
export type Format =
  | "text"
  | "arm"
  | "integer"
  | "tokens"
  | "fixed3"
  | "fixed2"
  | "percent"
  | "percent1"
  | "scientific"
  | "duration"
  | "signed"
  | "points";

// Cell is a number, text, one of the words for what isn't finite, or null where there is nothing.
export type Cell = number | string | null;

// Label is a text in both languages; where one is missing the other serves.
export interface Label {
  ja?: string;
  en?: string;
}

const minus = "−";
const units: Record<Lang, [number, string][]> = {
  ja: [[1e12, "兆"], [1e8, "億"], [1e4, "万"]],
  en: [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]],
};
const words: Record<string, string> = { Infinity: "∞", "-Infinity": minus + "∞", NaN: "NaN" };

// say is a label in a language; a label that is missing is empty.
export function say(label: Label | undefined, lang: Lang): string {
  return label?.[lang] || label?.ja || label?.en || "";
}

// format is a cell as it stands on a page; a missing value is a dash.
export function format(kind: Format, value: Cell, lang: Lang): string {
  if (value === null) return "—";
  if (typeof value === "string") return words[value] ?? value;
  switch (kind) {
    case "integer":
      return integer(value);
    case "tokens":
      return big(value, lang);
    case "fixed2":
      return fixed(value, 2);
    case "percent":
      return percent(value, 0);
    case "percent1":
      return percent(value, 1);
    case "scientific":
      return scientific(value);
    case "duration":
      return duration(value, lang);
    case "signed":
      return signed(value, 3);
    case "points":
      return signed(value * 100, 1);
    case "text":
    case "arm":
      return String(value);
    case "fixed3":
      return fixed(value, 3);
  }
}

// tick is a value of an axis whose ticks are step apart: as many decimals as the step has.
export function tick(kind: Format, value: number, step: number, lang: Lang): string {
  if (kind === "tokens" && step >= 1) return big(value, lang, step);
  if (kind === "scientific") return value ? scientific(value) : "0";
  if (kind === "duration" && step >= 1) return duration(value, lang);
  if (kind === "signed" || kind === "points") return signedTick(kind === "points" ? value * 100 : value, kind === "points" ? step * 100 : step);
  if (kind === "integer") return integer(value);
  const share = kind === "percent" || kind === "percent1";
  const decimals = decimalsOf(share ? step * 100 : step);
  return share ? percent(value, decimals) : fixed(value, decimals);
}

// signedTick has the sign of a difference; 0 has none.
function signedTick(value: number, step: number): string {
  const text = signed(value, decimalsOf(step));
  return Math.abs(value) < step / 1e6 ? "0" : Math.abs(value) >= 1e4 ? thousands(text) : text;
}

// decimalsOf counts the decimals that a round step needs.
function decimalsOf(step: number): number {
  for (let d = 0; d < 8; d++) if (Math.abs(step * 10 ** d - Math.round(step * 10 ** d)) < 1e-6) return d;
  return 8;
}

// fixed is v with that many decimals and a real minus; what rounds to nothing has no sign.
export function fixed(v: number, decimals: number): string {
  if (!Number.isFinite(v)) return words[String(v)] ?? "";
  const text = Math.abs(v).toFixed(decimals);
  return v < 0 && Number(text) !== 0 ? minus + text : text;
}

// signed is fixed with the plus written out.
export function signed(v: number, decimals: number): string {
  const text = fixed(v, decimals);
  return v > 0 && Number(text) !== 0 ? "+" + text : text;
}

// percent is a fraction in percent.
export function percent(fraction: number, decimals: number): string {
  return fixed(fraction * 100, decimals) + "%";
}

// integer is v rounded to a whole number, with commas between thousands.
export function integer(v: number): string {
  return thousands(fixed(v, 0));
}

// big is a count in words: 1,000億 in Japanese, 100B in English. Counts that lie step apart have the digits that tell them
// apart.
export function big(v: number, lang: Lang, step = Infinity): string {
  const all = units[lang];
  const size = Math.abs(v);
  const i = Number.isFinite(v) ? all.findIndex(([unit]) => size >= unit) : -1;
  const [unit, word] = all[i] ?? [0, ""];
  if (!unit) return integer(v);
  const above = all[i - 1];
  const text = short(size / unit, Number.isFinite(step) ? decimalsOf(step / unit) : 0);
  const sign = v < 0 ? minus : "";
  return sign + (above && Number(text) * unit >= above[0] ? "1" + above[1] : thousands(text) + word); // rounded up into the next unit
}

// short is x in at most three digits that mean something, or with as many decimals as are needed.
function short(x: number, decimals: number): string {
  const text = x.toFixed(Math.max(decimals, x >= 100 ? 0 : x >= 10 ? 1 : 2));
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

// thousands puts commas between a number's thousands.
function thousands(text: string): string {
  const [whole = "", part] = text.split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? "." + part : "");
}

const times: Record<Lang, [string, string, string, string]> = { ja: ["日", "時間", "分", "秒"], en: [" d", " h", " min", " s"] };

// duration is a number of seconds in the two units that matter: 1時間36分, 1 h 36 min.
export function duration(seconds: number, lang: Lang): string {
  const size = Math.abs(seconds);
  const sizes = [86400, 3600, 60, 1];
  const write = (n: string | number, unit: number): string => n + (times[lang][unit] ?? "");
  const sign = seconds < 0 ? minus : "";
  const first = sizes.findIndex((s) => Math.round(size) >= s);
  if (first < 0 || first === 3) return sign + write(size < 10 ? short(size, 0) : Math.round(size), 3);
  const unit = sizes[first + 1] ?? 1;
  const per = (sizes[first] ?? 1) / unit;
  const total = Math.round(size / unit);
  const parts = [write(Math.floor(total / per), first), total % per ? write(total % per, first + 1) : ""];
  return sign + parts.filter(Boolean).join(lang === "ja" ? "" : " ");
}

const scales: Record<string, number> = { k: 1e3, m: 1e6, b: 1e9, g: 1e9, t: 1e12, 万: 1e4, 億: 1e8, 兆: 1e12, s: 1, 秒: 1, min: 60, 分: 60, h: 3600, 時間: 3600, d: 86400, 日: 86400 };

// measure reads a number as people write one, NaN where it isn't: 48M, 4,800万, 3e14, １分30秒.
export function measure(text: string): number {
  const plain = text.normalize("NFKC").replace(/[,\s]/g, "").toLowerCase();
  const parts = [...plain.matchAll(/(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+)(時間|min|[a-z万億兆秒分日]*)/gy)];
  if (!plain || parts.map((p) => p[0]).join("") !== plain || (parts.length > 1 && parts.some((p) => !p[2]))) return NaN;
  return parts.reduce((sum, [, number, unit = ""]) => sum + Number(number) * (unit ? (scales[unit] ?? NaN) : 1), 0);
}

// scientific is 3e-3, as people write learning rates.
function scientific(v: number): string {
  const [mantissa = "0", exponent = "0"] = v.toExponential(2).split("e");
  return Number(mantissa).toString().replace("-", minus) + "e" + exponent.replace("+", "");
}
