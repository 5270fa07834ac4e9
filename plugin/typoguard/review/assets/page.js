// What the page needs scripts for: the chart, refreshing the overview, keys, local times, and copy buttons.
import { Chart } from "./chart.js";
import { eventActions, onKeys } from "./keys.js";
import { List } from "./list.js";
import { keepRelative, local, localize } from "./times.js";

/** The overview polls at least pollInterval milliseconds apart, and pauses at least pauseFactor times as long as a poll took, so that
 *  screens that always show it do not load the resolver's host. */
const pollInterval = 3000;
const pauseFactor = 20;

/** Live keeps the overview up to date: it polls the API, and if that has changed, replaces the changed parts of the page. */
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
      if (!this.paused) this.poll();
    });
    document.addEventListener("visibilitychange", () => this.poll());
  }

  /** Polls now and then repeatedly. */
  async poll() {
    clearTimeout(this.timer);
    if (this.polling) return;
    this.polling = true;
    const begun = performance.now();
    try {
      if (!this.paused && !document.hidden) await this.refresh();
    } catch (error) {
      this.tell(`Update failed (${error.message}); retrying`);
    }
    this.polling = false;
    this.timer = setTimeout(() => this.poll(), Math.max(pollInterval, pauseFactor *  (performance.now() - begun)));
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
    this.tell(`As of ${local(new Date(until))}`);
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

/** Replaces the parts of the page that have changed, and keeps the focus. It skips a part in which text is selected, or whose
 *  focused link would disappear, until the next poll. */
function replaceParts(fresh) {
  const selection = document.getSelection();
  localize(fresh);
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

/** Adds a button next to each text to copy. */
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

const box = document.getElementById("chart");
if (box) {
  const figures = document.getElementById("figures");
  figures.open = false;
  figures.classList.add("shown");
  new Live(new Chart(box, document.getElementById("readout")), document.getElementById("pause")).poll();
}
addCopyButtons();
localize(document);
keepRelative();
const list = document.getElementById("list");
const review = document.querySelector("form.review");
const toQueue = { l: () => document.querySelector(".queue a")?.click() };
onKeys(list ? new List(list).actions() : review ? eventActions(review) : toQueue);
