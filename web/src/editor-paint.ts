// The lines of the document as they are looked at: behind the area in which they are written, in the same letters, with
// comments grey, keys heavier and what is wrong at the end of its line.

import { html } from "./element";

// paint draws the lines; wrong are messages by line, from 1.
export function paint(root: HTMLElement, text: string, wrong: Map<number, string>): void {
  root.replaceChildren(...text.split("\n").map((line, i) => {
    const message = wrong.get(i + 1);
    const written = html("span", { class: "t" }, ...pieces(line));
    return html("span", { class: message === undefined ? "ln" : "ln e" }, written, message && html("span", { class: "msg" }, message));
  }));
}

// pieces are a line's parts: its key, its comment, and the rest.
function pieces(line: string): (HTMLElement | string)[] {
  const hash = comment(line);
  const [code, note] = [line.slice(0, hash), line.slice(hash)];
  const [, lead = "", key = ""] = /^(\s*(?:- +)*)([\w."'-]+:)(?=\s|$)/.exec(code) ?? [];
  const rest = code.slice(lead.length + key.length);
  return [lead, html("span", { class: "k" }, key), rest, html("span", { class: "c" }, note)];
}

// comment is where a line's comment begins: at a # behind a space, outside quotes; else its end.
function comment(line: string): number {
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (quote) {
      if (c === quote) quote = "";
    } else if ((c === '"' || c === "'") && /[\s[{,:]|^$/.test(line[i - 1] ?? "")) quote = c;
    else if (c === "#" && (i === 0 || /\s/.test(line[i - 1]!))) return i;
  }
  return line.length;
}
