// What people type for numbers, and what the document then has.
import { build } from "esbuild";
import assert from "node:assert/strict";
import { test } from "node:test";

const { outputFiles } = await build({ entryPoints: [new URL("src/editor-number.ts", import.meta.url).pathname], bundle: true, format: "esm", write: false });
const { list, numeral, typed, Unclear } = await import("data:text/javascript;base64," + Buffer.from(outputFiles[0].contents).toString("base64"));

const taken = [
  ["tokens", "６０Ｍ", "60M"], ["tokens", "60 m", "60M"], ["tokens", "1,500M", "1500M"], ["tokens", "100G", "100B"], ["tokens", "2.4億", "240M"],
  ["tokens", "２．４億トークン", "240M"], ["tokens", "1億5000万", "150M"], ["tokens", "1億5,000万", "150M"], ["tokens", "3千万", "30M"], ["tokens", "1.1兆", "1.1T"],
  ["tokens", "1,500,000", 1500000], ["tokens", "1 500 000", 1500000], ["tokens", "5 %", "5%"], ["tokens", "５％", "5%"], ["tokens", "1e6", "1e6"], ["tokens", "many", "many"],
  ["number", "１２", 12], ["number", "1,000", 1000], ["number", "5万円", 50000], ["number", "¥2,400", 2400], ["number", "３．５", 3.5], ["number", "3e-3", "3e-3"], ["number", "-1", -1],
  ["share", "57％", 0.57], ["share", "57", 0.57], ["share", "0.57", 0.57], ["shape", "４x128×4*352", { layers: 4, width: 128, heads: 4, ffn: 352 }], ["shape", "1m", "1m"],
  ["name", "ｊａ", "ja"], ["text", "１，５", "１，５"],
];
for (const [kind, text, want] of taken) test(`${kind} ${text}`, () => assert.deepEqual(typed(text, kind), want));

for (const text of ["1,5M", "1，5", "12,34", "0,500", "1.500.000", "1,5億", "1 5", "1,500,00"]) {
  test(`unclear ${text}`, () => {
    for (const kind of ["tokens", "number", "share"]) assert.throws(() => typed(text, kind), Unclear);
    assert.throws(() => numeral(text), Unclear);
  });
}

const lists = [
  ["shares", "30%, 40%、50%", [0.3, 0.4, 0.5]], ["shares", "30,40,50", [0.3, 0.4, 0.5]], ["shares", "３０ ４０", [0.3, 0.4]], ["shares", "1, 5, 10", [0.01, 0.05, 0.1]], ["shares", "0.5, 1", [0.5, 1]], ["shares", "1%, 0.5%", [0.01, 0.005]], ["range", "1–20", [0.01, 0.2]], ["lengths", "1,500M, 3,000M", ["1500M", "3000M"]],
  ["lengths", "30M,60M", ["30M", "60M"]], ["lengths", "1億、2億", ["100M", "200M"]], ["range", "１０％〜50%", [0.1, 0.5]], ["range", "10% - 50%", [0.1, 0.5]], ["range", "-1", ["-1"]], ["shapes", "1m, 4×128×4×352", ["1m", { layers: 4, width: 128, heads: 4, ffn: 352 }]],
];
for (const [kind, text, want] of lists) test(`${kind} ${text}`, () => assert.deepEqual(list(text, kind), want));
for (const [kind, text] of [["lengths", "1,500M"], ["shares", "0,3"], ["shares", "2,5; 3,5"], ["shares", "1"], ["range", "0–1"], ["range", "0,1–0,5"]]) test(`unclear ${kind} ${text}`, () => assert.throws(() => list(text, kind), Unclear));

test("numerals", () => assert.deepEqual(["３５．５", "57 %", "1,000", "abc", ""].map(numeral), [35.5, 57, 1000, NaN, NaN]));
