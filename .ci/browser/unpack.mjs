// unpack.mjs DIR: makes a Chromium that needs nothing of the system in DIR, out of what npm ci put beside this file.
import { execFileSync } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createBrotliDecompress } from "node:zlib";

const modules = fileURLToPath(new URL("node_modules", import.meta.url));
const packed = join(modules, "@sparticuz/chromium/bin");
const dir = process.argv[2];
const half = `${dir}.new`;

// Chromium finds the fonts beside this file, and the system's.
const fonts = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

const launcher = `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
export LD_LIBRARY_PATH="$here/lib" FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/headless_shell" --no-zygote "$@"
`;

const inflate = (name, to, options) => pipeline(createReadStream(join(packed, name)), createBrotliDecompress(), createWriteStream(to, options));

async function unpack(name) {
  const tar = join(half, name);
  await inflate(`${name}.br`, tar);
  execFileSync("tar", ["-xf", tar, "-C", half]);
  await rm(tar);
}

await rm(half, { recursive: true, force: true });
await mkdir(half, { recursive: true });
await inflate("chromium.br", join(half, "headless_shell"), { mode: 0o755 });
for (const name of ["al2023.tar", "swiftshader.tar", "fonts.tar"]) await unpack(name);
for (const weight of ["400Regular", "700Bold"]) {
  const file = `BIZUDPGothic_${weight}.ttf`;
  await cp(join(modules, "@expo-google-fonts/biz-udpgothic", weight, file), join(half, "fonts", file));
}
await writeFile(join(half, "fonts.conf"), fonts);
await writeFile(join(half, "chromium"), launcher, { mode: 0o755 });
await rm(dir, { recursive: true, force: true });
await rename(half, dir);
