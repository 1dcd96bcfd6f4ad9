// Whether a key is down: what gets the focus while one is would get its repeats too, and be pressed by them.

let held = false;
let waiting: (() => void) | undefined;

// released goes on once no key is down any more; at once where none is.
export function released(go: () => void): void {
  if (held) waiting = go;
  else go();
}

function up(): void {
  const go = waiting;
  held = false;
  waiting = undefined;
  go?.();
}

addEventListener("keydown", () => (held = true), { capture: true });
addEventListener("keyup", up, { capture: true });
addEventListener("blur", up); // a key let go elsewhere isn't heard of
