// The chart of the overview: stacked bars, drawn by uPlot.
import uPlot from "./uplot/uPlot.esm.js";

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** Chart draws summaries from the API into a box, in the colours of the legend. The readout describes the bar under the pointer. */
export class Chart {
  constructor(box, readout) {
    this.box = box;
    this.readout = readout;
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.shape = "";
      this.draw(this.summary);
    });
    box.addEventListener("click", () => this.open());
  }

  size() {
    return { width: this.box.clientWidth, height: this.box.clientHeight };
  }

  /** Draws a summary. If its times and series are unchanged, it only updates the data. */
  draw(summary) {
    if (!summary) return;
    this.summary = summary;
    this.times = summary.times.map((time) => Date.parse(time) / 1000);
    // Each bar reaches down to zero, and those drawn later cover it: the highest sums come first.
    const data = [this.times, ...stack(summary.series, this.times.length).toReversed()];
    const shape = JSON.stringify([summary.times, summary.series.map(({ mode, label }) => [mode, label])]);
    if (shape === this.shape) {
      this.plot.setData(data);
      this.read(this.index);
      return;
    }
    this.shape = shape;
    this.plot?.destroy();
    this.plot = new uPlot(this.options(summary), data, this.box);
  }

  options(summary) {
    const style = getComputedStyle(this.box);
    const text = style.getPropertyValue("--muted");
    const line = style.getPropertyValue("--line");
    const font = `${parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.8}px system-ui, sans-serif`;
    const axis = { stroke: text, font, ticks: { stroke: line, width: 1 }, grid: { stroke: line, width: 1 } };
    const hours = summary.step < 86400;
    return {
      ...this.size(),
      padding: [10, 28, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: {
        x: { range: [this.times[0], this.times.at(-1) + summary.step] },
        y: { range: (plot, low, high) => [0, Math.max(4, high * 1.05)] },
      },
      axes: [
        { ...axis, grid: { show: false }, space: 70, size: 34, values: (plot, splits) => splits.map((time) => label(time, hours)) },
        { ...axis, space: 45, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6], size: 64, values: (plot, splits) => splits.map((n) => n.toLocaleString("en")) },
      ],
      series: [{}, ...summary.series.map((series) => this.bars(series)).reverse()],
      hooks: { setCursor: [(plot) => this.read(plot.cursor.idx)] },
    };
  }

  bars(series) {
    const swatch = document.querySelector(`[data-series="${CSS.escape(`${series.mode} ${series.label}`)}"] .swatch`);
    const colour = getComputedStyle(swatch ?? this.box).getPropertyValue(swatch ? "--c" : "--s0");
    const back = getComputedStyle(this.box).getPropertyValue("--panel");
    const fill = series.mode === "monitor" ? hatching(colour, back) : colour;
    return { fill: () => fill, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.82, 90], align: 1, gap: 2 }) };
  }

  /** Describes the bar with an index. */
  read(index) {
    this.index = index;
    if (index == null || this.times[index] === undefined) {
      this.readout.textContent = "";
      return;
    }
    const parts = this.summary.series
      .filter((series) => series.events[index] > 0)
      .map((series) => `${series.label || "other domains"}${series.mode === "monitor" ? ", monitored" : ""} ${series.events[index].toLocaleString("en")}`);
    const from = this.times[index] * 1000;
    const until = from + this.summary.step * 1000;
    const when = this.summary.step < 86400 ? `${date.format(from)} ${clock.format(from)}–${clock.format(until)} UTC` : date.format(from);
    this.readout.textContent = `${when}: ${parts.join(" · ") || "nothing"}`;
  }

  /** Opens the events of the bar under the pointer. */
  open() {
    if (this.index == null) return;
    const iso = (seconds) => new Date(seconds * 1000).toISOString().replace(".000", "");
    const time = this.times[this.index];
    location.assign(`/events?from=${encodeURIComponent(iso(time))}&until=${encodeURIComponent(iso(time + this.summary.step))}`);
  }
}

/** Returns for each series the sums of itself and all series below it. */
function stack(series, length) {
  const sums = new Array(length).fill(0);
  return series.map(({ events }) => events.map((n, i) => (sums[i] += n)));
}

function label(seconds, hours) {
  const time = new Date(seconds * 1000);
  return hours && time.getUTCHours() + time.getUTCMinutes() > 0 ? clock.format(time) : date.format(time);
}

/** Returns a pattern that differs from the plain colour, also for people who cannot see colours. */
function hatching(colour, back) {
  const size = 6;
  const scale = devicePixelRatio;
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(size * scale);
  const draw = tile.getContext("2d");
  draw.scale(scale, scale);
  draw.fillStyle = back;
  draw.fillRect(0, 0, size, size);
  draw.strokeStyle = colour;
  draw.lineWidth = 2;
  for (const shift of [-size, 0, size]) {
    draw.moveTo(shift - 1, size + 1);
    draw.lineTo(shift + size + 1, -1);
  }
  draw.stroke();
  return draw.createPattern(tile, "repeat");
}
