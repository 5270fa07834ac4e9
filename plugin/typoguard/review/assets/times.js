// Times as readers have them: local, and how long ago. Pages have them in UTC, which pointing at one shows.

const day = new Intl.DateTimeFormat("sv", { dateStyle: "short" }); // 2026-11-22
const clock = new Intl.DateTimeFormat("sv", { timeStyle: "medium" }); // 14:03:05
const minute = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit" });
const zone = new Intl.DateTimeFormat("en", { timeZoneName: "short" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** The name of the reader's time zone at a time, such as GMT+1. */
export const zoneAt = (time) => zone.formatToParts(time).find(({ type }) => type === "timeZoneName").value;

export const local = (time) => `${day.format(time)} ${clock.format(time)} ${zoneAt(time)}`;

/** Returns how long ago a time was. */
function ago(time) {
  const seconds = Math.round((time - Date.now()) / 1000);
  const past = Math.abs(seconds);
  if (past < 60) return relative.format(seconds, "second");
  if (past < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (past < 86400) return relative.format(Math.round(seconds / 3600), "hour");
  return relative.format(Math.round(seconds / 86400), "day");
}

/** Makes the times in a part of a page local. */
export function localize(part) {
  for (const element of part.querySelectorAll("time:not([title]):not(.bar)")) {
    const time = new Date(element.dateTime);
    element.title = `${element.dateTime.replace("T", " ").replace("Z", "")} UTC`;
    const [date, hour] = element.querySelectorAll("span");
    if (hour) {
      date.textContent = day.format(time);
      hour.textContent = clock.format(time);
    } else {
      element.textContent = minute.format(time).replace(",", "");
    }
    if (!element.closest(".when, .facts, .queue")) continue;
    const note = document.createElement("small");
    note.className = "ago";
    note.dataset.time = element.dateTime;
    note.textContent = ago(time);
    const next = element.nextElementSibling;
    const before = next?.matches(".utc") ? next : (element.closest(".when a") ?? element);
    before.after(" ", note);
  }
  for (const element of part.querySelectorAll(".utc")) element.textContent = ` ${zoneAt(new Date())}`;
}

/** Keeps how long ago times were up to date. */
export function keepRelative() {
  setInterval(() => {
    if (document.hidden) return;
    for (const note of document.querySelectorAll(".ago")) note.textContent = ago(new Date(note.dataset.time));
  }, 20000);
}
