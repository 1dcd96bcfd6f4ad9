// What every page loads: live updates, questions before dangerous forms, dialogs, copy buttons. Charts and the editor
// are loaded only where a page has them.
import { follow } from "./live";
import { ask, copies, dialogs, once, scrollers } from "./page";

ask();
once();
copies();
dialogs();
scrollers();
void enhance();

// enhance loads what this page needs beyond the frame.
async function enhance(): Promise<void> {
  const figures = document.querySelector("figure[data-figure]") ? await import("./figure") : undefined;
  figures?.draw(document);
  if (document.querySelector("form[data-editor]")) (await import("./editor")).edit();
  if (document.querySelector("form[data-find]")) (await import("./compare")).compare();
  follow(() => {
    scrollers();
    if (figures) figures.draw(document);
    else if (document.querySelector("figure[data-figure]")) void import("./figure").then((f) => f.draw(document));
  });
  document.documentElement.dataset.ready = "";
}
