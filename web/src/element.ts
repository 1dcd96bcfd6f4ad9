// Builds elements and drawings from names, attributes and text: nothing is ever read as markup.

type Attributes = Record<string, string | number | boolean | undefined>;
type Child = Node | string | undefined | false;

// html makes an element. An attribute that is true stands without a value; false or undefined leaves it out.
export function html<K extends keyof HTMLElementTagNameMap>(name: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  return filled(document.createElement(name), attributes, children);
}

// svg makes an element of a drawing.
export function svg<K extends keyof SVGElementTagNameMap>(name: K, attributes: Attributes = {}, ...children: Child[]): SVGElementTagNameMap[K] {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((c): c is Node | string => Boolean(c)));
  return element;
}

// points are a line's corners as SVG writes them.
export const points = (all: [number, number][]): string => all.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

// path runs along corners and closes.
export const path = (all: [number, number][]): string => !all.length ? "" : "M" + all.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L") + "Z";
