// A browser for the tests: pages of it note whatever must not happen.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

/** Where the page is, and where the resolver. */
export const base = process.env.REVIEW_URL;
export const dns = process.env.REVIEW_DNS;

/** A directory for pictures of the pages; none are made without it. */
const shots = process.env.REVIEW_SHOTS;

export const sizes = {
  laptop: { width: 1280, height: 800 },
  1366: { width: 1366, height: 768 },
  1440: { width: 1440, height: 900 },
  1920: { width: 1920, height: 1080 },
  2000: { width: 2000, height: 1125 },
  wall: { width: 2560, height: 1440 },
  phone: { width: 390, height: 844 },
};

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function launch() {
  const quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: process.getuid() === 0 ? ["--no-sandbox", ...quiet] : quiet });
}

/** Calls test with a page. What goes wrong in it fails the test: errors in the console, among them what the policy of contents
 *  forbids, scripts that fail, dialogs, and requests to anywhere else. Answers of a status that is expected are no error. */
export async function withPage(browser, options, test, expected = []) {
  const context = await browser.newContext({ viewport: sizes.laptop, acceptDownloads: true, ...options });
  context.setDefaultTimeout(15000);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    const status = message.text().match(/responded with a status of (\d+)/)?.[1];
    if (["error", "warning"].includes(message.type()) && !expected.includes(Number(status))) wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("dialog", (dialog) => {
    wrong.push(`dialog ${dialog.message()}`);
    dialog.dismiss();
  });
  context.on("request", (request) => {
    if (!request.url().startsWith(base)) wrong.push(`request to ${request.url()}`);
  });
  try {
    await test(page);
    assert.deepEqual(wrong, []);
  } finally {
    await context.close();
  }
}

const standards = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe-core has against the page, by rules or tags of rules, as lines of text. It need not describe what it has nothing against. */
export async function violations(page, runOnly = standards) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const found = await page.evaluate((options) => globalThis.axe.run(options), { runOnly, resultTypes: ["violations"] });
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
}

export async function picture(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: !name.includes("wall") });
}

/** Waits until ask returns something true, and returns that. */
export async function until(what, ask, patience = 15000) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) assert.fail(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
