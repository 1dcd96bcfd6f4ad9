// Pictures that leave the page: what a chart or a drawing is saved as.

import { html } from "./element";
import { bytes } from "./save";

// Picture is a drawing that needs no page: SVG with its colours written out, and its size in units.
export interface Picture {
  text: string;
  width: number;
  height: number;
}

// raster is a picture as PNG, of twice as many pixels as it has units.
export async function raster({ text, width, height }: Picture): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;base64,${btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""))}`;
  await image.decode();
  const canvas = html("canvas", { width: Math.round(2 * width), height: Math.round(2 * height) });
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return bytes(canvas.toDataURL("image/png"));
}
