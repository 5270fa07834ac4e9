// What the page does beyond what HTML does by itself: the chart, the refreshing of the overview, and buttons that copy.
import { Chart } from "./chart.js";

/** How long the overview waits between two looks, in milliseconds, at least; and how many times as long as a look took, so that
 *  screens that always show it leave the machine to its resolver. */
const interval = 3000;
const patience = 20;

/** Live keeps the overview up to date: by the API, and if that has something new by the page itself, part for part. */
class Live {
  constructor(chart, pause) {
    this.chart = chart;
    this.pause = pause;
    this.paused = false;
    this.seen = "";
    this.address = `/api/v1/summary?span=${chart.box.dataset.span}&by=${chart.box.dataset.by}`;
    pause.hidden = false;
    pause.addEventListener("click", () => {
      this.paused = !this.paused;
      pause.textContent = this.paused ? "Resume updates" : "Pause updates";
      if (!this.paused) this.look();
    });
    document.addEventListener("visibilitychange", () => this.look());
  }

  /** Looks for news now, and then again and again. */
  async look() {
    clearTimeout(this.timer);
    if (this.looking) return;
    this.looking = true;
    const begun = performance.now();
    try {
      if (!this.paused && !document.hidden) await this.refresh();
    } catch (error) {
      this.tell(`Update failed (${error.message}); retrying`);
    }
    this.looking = false;
    this.timer = setTimeout(() => this.look(), Math.max(interval, patience * (performance.now() - begun)));
  }

  async refresh() {
    const summary = await (await ask(this.address)).json();
    const until = summary.until;
    delete summary.until;
    const news = JSON.stringify(summary);
    if (news !== this.seen) {
      if (this.seen) replaceParts(new DOMParser().parseFromString(await (await ask(location.href)).text(), "text/html"));
      this.chart.draw(summary);
      this.seen = news;
    }
    this.tell(`As of ${until.slice(0, 10)} ${until.slice(11, 19)} UTC`);
  }

  tell(text) {
    document.getElementById("updated").textContent = text;
  }
}

async function ask(address) {
  const response = await fetch(address, { signal: AbortSignal.timeout(15000) });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
  return response;
}

/** Takes over the parts of a page that have changed. A part in which somebody has selected text waits until the next time,
 *  and so does one whose link with the focus would go; else the focus stays where it was. */
function replaceParts(fresh) {
  const selection = document.getSelection();
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (part.id === "updated" || !next || next.innerHTML === part.innerHTML) continue;
    if (!selection.isCollapsed && selection.containsNode(part, true)) continue;
    const focused = part.contains(document.activeElement) && part !== document.activeElement ? document.activeElement : null;
    const again = focused && [...next.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused.getAttribute("href"));
    if (focused && !again) continue;
    part.replaceChildren(...next.childNodes);
    again?.focus({ preventScroll: true });
  }
}

/** Puts a button beside each text that is there to be copied. */
function addCopyButtons() {
  if (!navigator.clipboard) return;
  for (const pre of document.querySelectorAll("pre.copy")) {
    const row = document.createElement("div");
    row.className = "copyrow";
    const button = document.createElement("button");
    button.type = "button";
    const what = document.createElement("span");
    what.className = "hidden";
    what.textContent = ` ${pre.textContent}`;
    button.append("Copy", what);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(pre.textContent);
      button.firstChild.data = "Copied";
    });
    pre.replaceWith(row);
    row.append(pre, button);
  }
}

/** Says times that stand alone in the time zone of the reader, too. */
function addLocalTimes() {
  const zone = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "medium" });
  if (new Date().getTimezoneOffset() === 0) return;
  for (const time of document.querySelectorAll(".facts time")) {
    time.parentElement.append(` (here: ${zone.format(new Date(time.dateTime))})`);
  }
}

const box = document.getElementById("chart");
if (box) {
  const figures = document.getElementById("figures");
  figures.open = false;
  figures.classList.add("shown");
  new Live(new Chart(box, document.getElementById("readout")), document.getElementById("pause")).look();
}
addCopyButtons();
addLocalTimes();
