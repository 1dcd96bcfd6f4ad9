// The shapes of arms on a grid of 12, as the pages draw them. ECharts reads flags of arcs only where spaces part them.

export type Shape = "circle" | "square" | "triangle" | "diamond" | "down" | "pentagon" | "star" | "plus" | "left" | "right" | "hourglass" | "bar";

export const shapes: Record<Shape, string> = {
  circle: "M6 1.8A4.2 4.2 0 0 1 6 10.2A4.2 4.2 0 0 1 6 1.8Z",
  square: "M2.2 2.2h7.6v7.6H2.2z",
  triangle: "M6 1.6L10.8 10H1.2z",
  diamond: "M6 .9L11.1 6 6 11.1.9 6z",
  down: "M6 10.4L10.8 2H1.2z",
  pentagon: "M6 1.2l4.8 3.5-1.8 5.6H3L1.2 4.7z",
  star: "M6 .5l1.5 3.7 4 .3-3.1 2.6 1 3.9L6 8.9 2.6 11l1-3.9L.5 4.5l4-.3z",
  plus: "M4.3 1.2h3.4v3.1h3.1v3.4H7.7v3.1H4.3V7.7H1.2V4.3h3.1z",
  left: "M1.6 6L10 1.2v9.6z",
  right: "M10.4 6L2 1.2v9.6z",
  hourglass: "M1.8 1.6h8.4L7.2 6l3 4.4H1.8l3-4.4z",
  bar: "M1 4.2h10v3.6H1z",
};
