// The list of events: selecting, reviewing without loading the page anew, and news.
import { localize } from "./times.js";

/** The list polls for news at least pollInterval milliseconds apart, and pauses pauseFactor times as long as a poll took. */
const pollInterval = 10000;
const pauseFactor = 20;

/** List is the list of events. The server renders it; its forms are sent from here, and the list in the answer takes the place of it. */
export class List {
  constructor(root) {
    this.root = root;
    this.sent = Promise.resolve(); // when all that was asked for so far is done
    document.addEventListener("submit", (event) => {
      if (!this.root.contains(event.target)) return;
      event.preventDefault();
      this.send(event.target, event.submitter);
    });
    document.addEventListener("change", (event) => {
      if (event.target.name === "event") this.count();
    });
    document.addEventListener("focusin", (event) => {
      const row = event.target.closest("#list tbody tr");
      if (row) this.mark(row);
    });
    document.addEventListener("visibilitychange", () => this.poll());
    this.mark(this.rows()[0]);
    this.timer = setTimeout(() => this.poll(), pollInterval);
  }

  rows() {
    return [...this.root.querySelectorAll("tbody tr[id]")];
  }

  picked() {
    return [...this.root.querySelectorAll("input[name=event]:checked")];
  }

  current() {
    return this.root.querySelector("tr[aria-current]");
  }

  /** Marks the row that keys are about. */
  mark(row) {
    this.current()?.removeAttribute("aria-current");
    row?.setAttribute("aria-current", "true");
  }

  focus(row) {
    this.mark(row);
    row?.querySelector(".when a").focus();
  }

  /** Goes to the next row, or the previous one. */
  move(by) {
    const rows = this.rows();
    const at = rows.indexOf(this.current());
    const begin = !rows[at]?.contains(document.activeElement) && at === 0 && by > 0 ? 0 : at + by; // the first row is marked, but not yet visited
    this.focus(rows[Math.min(Math.max(begin, 0), rows.length - 1)]);
  }

  pick(boxes, on) {
    for (const box of boxes) box.checked = on;
    this.count();
  }

  boxes(rows) {
    return rows.map((row) => row.querySelector("input[name=event]"));
  }

  /** Selects the current row, or no longer. */
  toggle() {
    const [box] = this.boxes([this.current()].filter(Boolean));
    if (box) this.pick([box], !box.checked);
  }

  /** Selects all rows of the current row's lookalike. */
  pickAlike() {
    const current = this.current()?.dataset;
    if (current) this.pick(this.boxes(this.rows().filter(({ dataset }) => dataset.name === current.name && dataset.policy === current.policy)), true);
  }

  /** Selects all rows, or none if all are selected. */
  pickAll() {
    const boxes = this.boxes(this.rows());
    this.pick(boxes, !boxes.every((box) => box.checked));
  }

  /** Shows how many rows are selected. */
  count() {
    const text = this.root.querySelector("#selected");
    const n = this.picked().length;
    text.hidden = n === 0;
    text.textContent = `${n} selected`;
  }

  /** Reviews the selected rows, or the current one, by the button of a key. A key that is pressed while an earlier one is being worked on
   *  waits for it, and is then about the row that follows. */
  decide(key) {
    this.sent = this.sent.then(async () => {
      const button = this.root.querySelector(`button[data-key="${key}"]`);
      if (!button) return;
      if (this.picked().length === 0) this.toggle();
      await this.submit(button.form, button);
    });
  }

  undo() {
    this.sent = this.sent.then(async () => {
      const button = this.root.querySelector(".undo");
      if (button) await this.submit(button.form, button);
    });
  }

  send(form, submitter) {
    this.sent = this.sent.then(() => this.submit(form, submitter));
  }

  /** Sends a form, and shows the list that is the answer. */
  async submit(form, submitter) {
    const rows = this.rows();
    const left = rows.slice(rows.indexOf(this.current())).map(({ id }) => id);
    const body = new URLSearchParams(new FormData(form, submitter));
    await this.load(form.getAttribute("action"), { method: "POST", body }, (fresh) => {
      const next = left.map((id) => fresh.find((row) => row.id === id && row.dataset.state === "open"));
      return next.find(Boolean) ?? fresh.find((row) => row.dataset.state === "open") ?? fresh[0];
    });
  }

  /** Shows new events, and keeps what is selected and written. */
  async refresh() {
    this.sent = this.sent.then(async () => {
      const picked = new Set(this.picked().map((box) => box.value));
      const note = this.root.querySelector("textarea")?.value ?? "";
      const at = this.current()?.id;
      const address = new URL(location.href);
      for (const name of ["cursor", "at", "batch"]) address.searchParams.delete(name);
      await this.load(address, {}, (fresh) => fresh.find((row) => row.id === at) ?? fresh[0]);
      for (const box of this.root.querySelectorAll("input[name=event]")) box.checked = picked.has(box.value);
      const field = this.root.querySelector("textarea");
      if (field) field.value = note;
      if (field) this.count();
    });
  }

  /** Loads a page, and puts its list in place of this one. */
  async load(address, options, choose) {
    const trouble = this.root.querySelector("#trouble");
    try {
      const response = await fetch(address, { ...options, signal: AbortSignal.timeout(15000) });
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      const next = fresh.getElementById("list");
      if (!response.ok || !next) throw new Error(fresh.querySelector(".problem p")?.textContent ?? `${response.status} ${response.statusText}`.trim());
      this.replace(next, choose);
      const shown = new URL(response.url);
      shown.searchParams.delete("batch");
      history.replaceState(null, "", shown);
    } catch (error) {
      trouble.textContent = `Nothing was changed: ${error.message}`;
      trouble.hidden = false;
    }
  }

  replace(next, choose) {
    localize(next);
    const alike = this.root.querySelector("input[name=alike]");
    const again = next.querySelector("input[name=alike]");
    if (alike && again) again.checked = alike.checked;
    const focused = this.root.contains(document.activeElement);
    this.root.replaceWith(next);
    this.root = next;
    const row = choose(this.rows());
    if (focused) this.focus(row);
    else this.mark(row);
  }

  /** Asks for the number of new events now and then repeatedly, but not in a tab that nobody sees. */
  async poll() {
    clearTimeout(this.timer);
    if (this.polling || document.hidden) return;
    this.polling = true;
    const begun = performance.now();
    try {
      const response = await fetch(this.root.dataset.poll, { signal: AbortSignal.timeout(15000) });
      if (response.ok) this.tell(await response.json());
    } catch {
      // The next poll may succeed; the list is as it was.
    }
    this.polling = false;
    this.timer = setTimeout(() => this.poll(), Math.max(pollInterval, pauseFactor * (performance.now() - begun)));
  }

  /** Shows how many new events there are, with a button to see them. */
  tell({ total, at_least: atLeast }) {
    const news = this.root.querySelector("#news");
    const text = `${total.toLocaleString("en")}${atLeast ? "+" : ""} new`;
    if (total === 0 || news.dataset.text === text) return;
    news.dataset.text = text;
    const button = document.createElement("button");
    button.type = "button";
    const key = document.createElement("kbd");
    key.textContent = "r";
    button.append(`${text}: show `, key);
    button.addEventListener("click", () => this.refresh());
    news.replaceChildren(button);
  }

  actions() {
    return {
      j: () => this.move(1),
      k: () => this.move(-1),
      c: () => this.decide("c"),
      f: () => this.decide("f"),
      i: () => this.decide("i"),
      u: () => this.undo(),
      x: () => this.toggle(),
      s: () => this.pickAlike(),
      a: () => this.pickAll(),
      r: () => this.refresh(),
      n: () => this.root.querySelector("textarea")?.focus(),
      "/": () => document.querySelector("input[name=text]").focus(),
      leave: (field) => (this.root.contains(field) ? this.focus(this.current()) : field.blur()),
    };
  }
}
