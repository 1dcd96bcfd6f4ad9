// Numbers as people type them: full-width digits, thousands with commas or spaces, 万 and 億. What could mean two things is
// taken for neither: it is said to be unclear, and the document stays as it is.

// Value is what a document can hold where a field stands: a shape is four numbers under their keys.
export type Value = string | number | Record<string, number>;

// Unclear is text that could be two numbers; key is that of the words that say so.
export class Unclear extends Error {
  constructor(readonly key: "comma" | "list" | "one", readonly text: string) {
    super(key);
  }
}

const grouped = /^[1-9]\d{0,2}(?:(?:,\d{3})+|(?: \d{3})+|(?:'\d{3})+)(?:\.\d+)?$/;

// plain is text with ASCII digits, and nothing between those of one number. It throws what is unclear.
export function plain(text: string): string {
  const ascii = text.normalize("NFKC").trim().replace(/^[−‐–ー](?=[\d.])/, "-");
  return ascii.replace(/\d(?:[\d.,' ]*\d)?/g, (run) => {
    if (grouped.test(run)) return run.replace(/[, ']/g, "");
    if (/[,' ]|\..*\./.test(run)) throw new Unclear("comma", text.trim());
    return run;
  });
}

// numeral is a number, whatever unit of percent or money stands with it; NaN where it is none.
export function numeral(text: string): number {
  const number = plain(text).replace(/[%\s]|円$/g, "").replace(/^¥/, "");
  return /^-?(\d+\.?\d*|\.\d+)$/.test(number) ? Number(number) : NaN;
}

// typed is text as the document has it where a value of a kind stands: 2.4億 as 240M, 57% as 0.57.
export function typed(text: string, kind: string): Value {
  if (kind === "text") return text;
  if (kind === "name" || kind === "time") return text.normalize("NFKC").trim();
  if (kind === "share") return portions([text])[0] ?? "";
  const number = plain(text);
  if (kind === "shape") return shape(number);
  const counted = count(number);
  if (kind !== "tokens") return counted ?? number.replace(/\s+/g, "");
  return counted !== undefined && /[万億兆千]/.test(number) ? scaled(counted) : (counted ?? lettered(number));
}

const myriads = /^(?:([\d.]+)兆)?(?:([\d.]+)億)?(?:([\d.]+)万)?([\d.]+)?$/;

// count is a number as it is, or in 万, 億 and 兆; undefined for what is neither.
function count(text: string): number | undefined {
  const bare = text.replace(/\s+/g, "").replace(/^¥/, "").replace(/(トークン|tokens?|円|yen)$/i, "");
  const thousands = bare.replace(/([\d.]+)千/g, (_, n: string) => `${Number(n) * 1000}`);
  if (/^-\d+(\.\d+)?$/.test(bare)) return Number(bare);
  const parts = thousands && myriads.exec(thousands);
  if (!parts) return undefined;
  const [, t = "0", b = "0", m = "0", one = "0"] = parts;
  const sum = Number(t) * 1e12 + Number(b) * 1e8 + Number(m) * 1e4 + Number(one);
  return Number.isFinite(sum) ? Math.round(sum * 1e9) / 1e9 : undefined;
}

const letters: Record<string, string> = { k: "k", m: "M", g: "B", b: "B", t: "T" };

// lettered is a number of tokens with the letter that the document takes for what stands behind it.
function lettered(text: string): string {
  const bare = text.replace(/\s+/g, "").replace(/(トークン|tokens?)$/i, "");
  return bare.replace(/^([\d.]+)([kmgbt])$/i, (_, n: string, unit: string) => n + letters[unit.toLowerCase()]);
}

// portions are shares as the document has them: 57% and 57 are 0.57. Those that stand together are all percents, or none
// is; where nothing tells 1 from 100%, it is unclear.
function portions(texts: string[]): (string | number)[] {
  const parts = texts.map((text) => {
    const bare = plain(text);
    const [, digits, percent] = /^([\d.]+)\s*(%?)$/.exec(bare) ?? [];
    return { bare, number: digits ? Number(digits) : NaN, percent: Boolean(percent) };
  });
  const percents = parts.some(({ number, percent }) => percent || number > 1);
  const one = parts.find(({ number }) => number === 1);
  if (one && !percents && !parts.some(({ number }) => number > 0 && number < 1)) throw new Unclear("one", one.bare);
  return parts.map(({ bare, number }) => (Number.isFinite(number) ? (percents ? Math.round(number * 1e6) / 1e8 : number) : bare));
}

// held is a value that the document has, as typed would make it.
export function held(text: string, kind: string): Value {
  return kind === "share" && text.trim() && Number.isFinite(Number(text)) ? Number(text) : typed(text, kind);
}

const times = /(?<=\d)\s*[x×*]\s*(?=\d)/g;

// shape is four numbers, written as 4×128×4×352, as the document has them; what is no such text is a preset's name.
function shape(text: string): Value {
  const [layers, width, heads, ffn, ...more] = text.replace(times, "×").split("×").map(Number);
  return layers && width && heads && ffn && !more.length ? { layers, width, heads, ffn } : text;
}

// scaled is a number of tokens as the document writes it.
function scaled(tokens: number): string {
  for (const [unit, size] of [["T", 1e12], ["B", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
    if (tokens >= size) return `${Math.round((tokens / size) * 1e6) / 1e6}${unit}`;
  }
  return `${tokens}`;
}

// list is the values of a list of a kind, or the two of a range. A comma between two digits parts values only where it can't
// be one of a decimal or of thousands.
export function list(text: string, kind: string): Value[] {
  const each = { shares: "share", range: "share", lengths: "tokens", shapes: "shape" }[kind] ?? "number";
  const texts = parts(text.normalize("NFKC").trim().replace(times, "×"), kind).filter(Boolean);
  return each === "share" ? portions(texts) : texts.map((part) => typed(part, each));
}

function parts(text: string, kind: string): string[] {
  if (kind === "range") return text.split(/(?<=[\d%]\s*)[-–—~〜]|から/).map((part) => part.trim());
  const split = text.split(/[、;]\s*|,\s+|\s+|,(?!\d)|(?<!\d),/);
  if (split.length > 1 || !text.includes(",")) return split;
  const bare = text.split(",");
  if (/^0$/.test(bare[0] ?? "") || bare.slice(1).some((part) => /^\d{3}(?!\d)/.test(part))) throw new Unclear("list", text);
  return bare;
}
