// What the preview reckons with: how much of the speed is used, and the rate in yen an hour, which this browser remembers.

import { numeral, Unclear } from "./editor-number";
import { accept, refuse } from "./editor-refused";
import { t } from "./editor-state";

const rateKey = "haigo.rate";

// reckoned are the numbers that the server is asked with, the ones before where a field holds none; empty: it takes its own.
export function reckoned(): { use: string; rate: string } {
  return { use: read("use"), rate: localStorage.getItem(rateKey) ?? read("rate") };
}

function read(id: string): string {
  const field = document.getElementById(id) as HTMLInputElement | null;
  if (!field?.value.trim()) return "";
  return (number(field.value) ?? number(field.defaultValue))?.toString() ?? "";
}

// number is that of a text; undefined where it is none that is above 0.
function number(text: string): number | undefined {
  try {
    const v = numeral(text);
    return v > 0 ? v : undefined;
  } catch {
    return undefined;
  }
}

// changed takes a field of the cost, or says why it can't; it is false where nothing is to be asked.
export function changed(field: HTMLInputElement): boolean {
  const [empty, v] = [field.value.trim() === "", number(field.value)];
  if (!empty && v === undefined) {
    refuse(field, why(field.value));
    return false;
  }
  accept(field);
  field.defaultValue = field.value; // nobody is typing here any more
  if (field.id === "rate" && v !== undefined) localStorage.setItem(rateKey, String(v));
  if (field.id === "rate" && empty) localStorage.removeItem(rateKey);
  return true;
}

// why is what is wrong with text that is no number of more than 0, or none of what other words ask for.
export function why(text: string, otherwise = "number"): string {
  try {
    numeral(text);
  } catch (error) {
    if (error instanceof Unclear) return t(error.key, { a: error.text });
  }
  return t(otherwise);
}
