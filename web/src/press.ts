// A button that is drawn anew between a mouse's press and its release gets no click from the browser: leaving a field redraws what
// stands around it, and that happens at the press. The click is then that of the button which took its place.

const steady = 8; // pixels: who moves the mouse further changed their mind

// presses hears of every press on the page.
export function presses(): void {
  let down: { button: HTMLElement; x: number; y: number } | undefined;
  let clicked = false;
  addEventListener("pointerdown", (event) => {
    const button = event.button === 0 && event.pointerType === "mouse" ? pressable(event.target) : null;
    down = button ? { button, x: event.clientX, y: event.clientY } : undefined;
    clicked = false;
  }, true);
  addEventListener("click", () => (clicked = true), true);
  addEventListener("pointerup", (event) => {
    const was = down;
    down = undefined;
    if (!was || was.button.isConnected || Math.hypot(event.clientX - was.x, event.clientY - was.y) > steady) return;
    const heir = twin(was.button, pressable(event.target));
    if (heir) setTimeout(() => clicked || heir.click()); // a browser may click by itself
  }, true);
}

const pressable = (e: EventTarget | null): HTMLElement | null => (e instanceof Element ? e.closest<HTMLElement>("button, summary, a[href]") : null);

// twin is the element that is called as another was: the one under the mouse, or the only one.
function twin(of: HTMLElement, under: HTMLElement | null): HTMLElement | undefined {
  const alike = [...document.querySelectorAll<HTMLElement>(of.tagName)].filter((e) => called(e) === called(of));
  return alike.find((e) => e === under) ?? (alike.length === 1 ? alike[0] : undefined);
}

const called = (e: HTMLElement): string =>
  e.id || JSON.stringify([e.getAttribute("name"), e.getAttribute("value"), e.getAttribute("href"), e.ariaLabel, Object.entries(e.dataset), e.textContent]);
