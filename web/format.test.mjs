// Holds the browser's formatter to the examples that the server's is held to.
import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import assert from "node:assert/strict";
import { test } from "node:test";

const here = (path) => new URL(path, import.meta.url);

const { outputFiles } = await build({ entryPoints: [here("src/format.ts").pathname], bundle: true, format: "esm", write: false });
const { big, duration, fixed, integer, measure, percent, signed, tick } = await import("data:text/javascript;base64," + Buffer.from(outputFiles[0].contents).toString("base64"));

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

test("durations", () => {
  const written = [0, 0.4, 59, 60, 61, 3600, 5760, 90_000, -75].map((v) => duration(v, "ja"));
  assert.deepEqual(written, ["0秒", "0.4秒", "59秒", "1分", "1分1秒", "1時間", "1時間36分", "1日1時間", "−1分15秒"]);
  assert.equal(duration(5760, "en"), "1 h 36 min");
});

test("numbers as people write them", () => {
  const read = ["48M", "4,800万", "４８００万", "3e14", "１分30秒", "1h 30min", "90", "0.5億"].map(measure);
  assert.deepEqual(read, [48e6, 48e6, 48e6, 3e14, 90, 5400, 90, 5e7]);
  for (const text of ["", "many", "12x", "1..2", "M"]) assert.ok(Number.isNaN(measure(text)), text);
});

test("ticks that lie close together are told apart", () => {
  assert.deepEqual([2.4e6, 2.402e6].map((v) => tick("tokens", v, 2000, "en")), ["2.4M", "2.402M"]);
  assert.deepEqual([-0.1, 0, 0.1].map((v) => tick("signed", v, 0.1, "en")), ["−0.1", "0", "+0.1"]);
});
