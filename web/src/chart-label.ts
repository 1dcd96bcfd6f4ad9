// Places names beside marks so that they cover neither each other nor the data, and spreads names beside lines.

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Named {
  x: number; // the mark
  y: number;
  w: number; // the text
  h: number;
}

export interface Placed {
  box: Box;
  leader: boolean; // far enough from its mark to need a line
}

const near = [9, 14, 22];
const far = [34, 48, 64];

// place finds room for each name around its mark: right, left, above, below, then the corners, near before far.
export function place(names: Named[], avoid: Box[], frame: Box): Placed[] {
  const taken: Box[] = [];
  return names.map((name) => {
    let best: Placed | undefined;
    let least = Infinity;
    for (const [i, box, leader] of candidates(name)) {
      const cost = i + 400 * outside(box, frame) + sum(avoid, (o) => overlap(box, o)) + 3 * sum(taken, (o) => overlap(box, grow(o, 3)));
      if (cost < least) [best, least] = [{ box, leader }, cost];
    }
    const placed = best ?? { box: { ...name }, leader: false };
    taken.push(placed.box);
    return placed;
  });
}

// candidates are boxes in order of liking, with what each costs by itself.
function* candidates({ x, y, w, h }: Named): Generator<[number, Box, boolean]> {
  for (const [ring, distances] of [near, far].entries()) {
    for (const [step, d] of distances.entries()) {
      const c = d * 0.75;
      const corners: [number, number][] = [
        [x + d, y - h / 2],
        [x - d - w, y - h / 2],
        [x - w / 2, y - d - h],
        [x - w / 2, y + d],
        [x + c, y - c - h],
        [x + c, y + c],
        [x - c - w, y - c - h],
        [x - c - w, y + c],
      ];
      for (const [i, [left, top]] of corners.entries()) yield [ring * 40 + step * 8 + i, { x: left, y: top, w, h }, ring > 0];
    }
  }
}

const sum = (boxes: Box[], of: (b: Box) => number): number => boxes.reduce((total, b) => total + of(b), 0);

const grow = (b: Box, by: number): Box => ({ x: b.x - by, y: b.y - by, w: b.w + 2 * by, h: b.h + 2 * by });

// overlap is an area in square pixels.
export function overlap(a: Box, b: Box): number {
  const w = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y);
  return w > 0 && h > 0 ? w * h : 0;
}

// outside is how far a box leaves the frame, in pixels.
function outside(b: Box, frame: Box): number {
  return Math.max(0, frame.x - b.x) + Math.max(0, b.x + b.w - frame.x - frame.w) + Math.max(0, frame.y - b.y) + Math.max(0, b.y + b.h - frame.y - frame.h);
}

// spread pushes heights apart to at least a gap, inside the limits, and moves each as little as that allows.
export function spread(heights: number[], gap: number, low: number, high: number): number[] {
  const order = heights.map((y, i) => ({ y: Math.min(Math.max(y, low), high), i })).sort((a, b) => a.y - b.y);
  interface Group {
    items: { y: number; i: number }[];
    top: number;
  }
  const groups: Group[] = [];
  const settle = (g: Group): void => {
    const room = (g.items.length - 1) * gap;
    const middle = g.items.reduce((t, it) => t + it.y, 0) / g.items.length;
    g.top = Math.max(low, Math.min(high - room, middle - room / 2));
  };
  for (const item of order) {
    groups.push({ items: [item], top: item.y });
    for (;;) {
      const [above, last] = [groups[groups.length - 2], groups[groups.length - 1]];
      if (!above || !last || above.top + above.items.length * gap <= last.top) break;
      above.items.push(...last.items);
      settle(above);
      groups.pop();
    }
  }
  const out: number[] = [];
  for (const g of groups) g.items.forEach((it, k) => (out[it.i] = g.top + k * gap));
  return out;
}
