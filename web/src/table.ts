// A chart's points as a table and as CSV.

import { format, say, type Cell, type Format, type Label, type Lang } from "./format";

export interface Table {
  columns: { key: string; name: Label; format: Format; words?: Record<string, Label> }[];
  rows: Cell[][];
}

// tabulate makes points a table of the page.
export function tabulate({ columns, rows }: Table, lang: Lang, arms: { name: string; label: Label }[] = []): HTMLTableElement {
  const out = document.createElement("table");
  out.className = "tight";
  const head = out.createTHead().insertRow();
  for (const column of columns) {
    const cell = document.createElement("th");
    cell.textContent = say(column.name, lang) || column.key;
    if (numeric(column.format)) cell.className = "num";
    head.append(cell);
  }
  const body = out.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((value, i) => {
      const cell = line.insertCell();
      const { format: kind = "text", words } = columns[i] ?? {};
      const arm = kind === "arm" ? arms.find((a) => a.name === value) : undefined;
      cell.textContent = say(arm?.label ?? words?.[String(value)], lang) || format(kind, value, lang);
      if (numeric(kind)) cell.className = "num";
    });
  }
  return out;
}

const numeric = (kind: Format): boolean => kind !== "text" && kind !== "arm";

// csv is points in full precision, with the columns' keys as its head (RFC 4180).
export function csv({ columns, rows }: Table): string {
  const cell = (value: Cell): string => (/[",\r\n]/.test(String(value ?? "")) ? `"${String(value).replace(/"/g, '""')}"` : String(value ?? ""));
  return [columns.map((c) => c.key), ...rows].map((row) => row.map(cell).join(",") + "\r\n").join("");
}
