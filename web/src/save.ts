// Gives what a page has made to its reader, as a file.

// bytes decodes a data URL; fetching it would need a wider content policy.
export async function bytes(source: string | Promise<string>): Promise<Blob> {
  const [head = "", body = ""] = (await source).split(",");
  const type = /^data:([^;]+)/.exec(head)?.[1] ?? "image/png";
  return new Blob([Uint8Array.from(atob(body), (c) => c.charCodeAt(0))], { type });
}

export function save(data: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
