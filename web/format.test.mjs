// Holds the browser's formatter to the examples that the server's is held to.
import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import assert from "node:assert/strict";
import { test } from "node:test";

const here = (path) => new URL(path, import.meta.url);

const { outputFiles } = await build({ entryPoints: [here("src/format.ts").pathname], bundle: true, format: "esm", write: false });
const { big, fixed, integer, percent, signed } = await import("data:text/javascript;base64," + Buffer.from(outputFiles[0].contents).toString("base64"));

const write = {
  fixed: (v, decimals) => fixed(v, decimals),
  signed: (v, decimals) => signed(v, decimals),
  percent: (v, decimals) => percent(v, decimals),
  integer: (v) => integer(v),
  count: (v, _, lang) => big(v, lang),
};

for (const { as, value, decimals, ...want } of JSON.parse(await readFile(here("testdata/numbers.json"), "utf8"))) {
  for (const lang of ["ja", "en"]) {
    test(`${as} of ${value}, ${lang}`, () => assert.equal(write[as](Number(value), decimals, lang), want[lang]));
  }
}
