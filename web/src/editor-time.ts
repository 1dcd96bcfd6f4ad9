// Times in the zone of whoever looks at the page.

import { lang, t } from "./editor-state";
import { html } from "./element";

// localised writes every time that is marked for it: the time of day, the day, the zone's name.
export function localised(root: Document): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-clock]")) {
    const [clock, rest] = told(new Date(time.dateTime));
    time.replaceChildren(clock, html("small", {}, ` ${rest}`));
  }
}

// told is the time of day, and the day and zone that it is of.
function told(at: Date): [string, string] {
  const days = Math.round((midnight(at) - midnight(new Date())) / 86_400_000);
  const part = (options: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(lang() === "ja" ? "ja-JP" : "en-GB", options).format(at);
  const clock = part({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const zone = new Intl.DateTimeFormat(lang() === "ja" ? "ja-JP" : "en-GB", { timeZoneName: "short" }).formatToParts(at).find((p) => p.type === "timeZoneName")?.value ?? "";
  const day = days === 0 ? t("today") : days === 1 ? t("tomorrow") : part({ month: "short", day: "numeric", ...(at.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" }) });
  return [clock, `${day} ${zone}`];
}

const midnight = (at: Date): number => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
