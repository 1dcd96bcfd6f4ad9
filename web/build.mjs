// Bundles src/ into dist/: names carry a hash of the content, manifest.json maps entry points to names and lists the scripts
// that pages with charts load beside app.ts. What was there before is taken away only once everything is built.
import { build } from "esbuild";
import { readdir, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));
const dist = root + "dist/";
const font = "node_modules/@expo-google-fonts/m-plus-1p/500Medium/MPLUS1p_500Medium.ttf"; // of the cards that the server draws
const entryPoints = ["src/app.ts", "src/stream.ts", "src/style/style.css", "src/logo.svg", font];

const { outputFiles, metafile } = await build({
  absWorkingDir: root,
  entryPoints,
  outdir: "dist",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  loader: { ".svg": "copy", ".ttf": "copy" },
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox115", "safari16.4"],
  minify: true,
  legalComments: "none",
  metafile: true,
  write: false,
  logLevel: "warning",
});

const entries = {};
const charts = new Set();
for (const [file, { entryPoint }] of Object.entries(metafile.outputs)) {
  if (entryPoints.includes(entryPoint)) entries[entryPoint === font ? "card.ttf" : entryPoint.slice("src/".length)] = basename(file);
  if (entryPoint === "src/figure.ts") addScripts(file);
}

// addScripts takes a script with all that it imports.
function addScripts(file) {
  if (charts.has(basename(file))) return;
  charts.add(basename(file));
  for (const { path, kind } of metafile.outputs[file].imports) if (kind === "import-statement") addScripts(path);
}

// .keep is committed, so that Go's embed finds a folder in a fresh clone.
for (const name of await readdir(dist)) if (name !== ".keep") await rm(dist + name, { recursive: true });
for (const { path, contents } of outputFiles) await writeFile(dist + basename(path), contents);
await writeFile(dist + "manifest.json", JSON.stringify({ entries, charts: [...charts] }, null, 1) + "\n");
