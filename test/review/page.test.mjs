// The review page in a real Chromium. It is started by review_test.go, with the resolver and its history.
import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { base, dns, launch, picture, sizes, until, violations, withPage } from "./browser.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** All kinds of pages. */
const pages = {
  overview: "/?span=24h",
  "overview by kind": "/?span=30d&by=kind",
  list: "/events?span=24h",
  "list filtered": "/events?policy=mil&kind=omission&state=open&name=army&from=2026-01-01",
  "list empty": "/events?name=nobody-asked-for-this",
  "list refused": "/events?client=mx1",
  "list of the queue": "/events?policy=queue&state=open&sort=name",
  omission: "/events/omission22",
  "event of a list": "/events/omission22?policy=mil&kind=omission&sort=name",
  homoglyph: "/events/homoglyph2",
  smtp: "/events/smtp222222",
  "other domain": "/events/other22222",
  target: "/events/target2222",
  hostile: "/events/hostile222",
  nothing: "/nothing",
};

/** Asks the resolver under test for a lookalike, as a mail server does. */
async function mistype(name) {
  const resolver = new Resolver();
  resolver.setServers([dns]);
  await assert.rejects(resolver.resolveMx(name), { code: "ENOTFOUND" });
}

/** The number of a total of the span that is shown. */
const total = async (page, name) => Number((await page.locator(`.total.chosen .${name} a`).innerText()).replaceAll(",", ""));

/** The pictures of a canvas: how many of its pixels are painted, and in how many colours. */
const paint = (page) =>
  page.locator("#chart canvas").evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Map();
    let painted = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] < 255) continue;
      painted++;
      const colour = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
      colours.set(colour, (colours.get(colour) ?? 0) + 1);
    }
    return { painted, colours: [...colours.values()].filter((n) => n > 50).length };
  });

test("the overview draws a chart with a colour for each policy, and says what the pointer is on", () =>
  withPage(browser, {}, async (page) => {
    await page.goto(`${base}/?span=24h`);
    await page.locator("#chart canvas").waitFor();
    const { painted, colours } = await paint(page);
    assert.ok(painted > 2000, `only ${painted} pixels`);
    assert.ok(colours >= 3, `only ${colours} colours`);
    assert.equal(await page.locator("#figures").getAttribute("open"), null, "the figures are there, but not in the way");
    const box = await page.locator("#chart .u-over").boundingBox();
    await page.mouse.move(box.x + box.width - 60, box.y + box.height / 2);
    assert.match(await page.locator("#readout").innerText(), /^\d+ \w+ \d\d:00–\d\d:00 UTC: .*\d/);
    await page.mouse.click(box.x + box.width - 60, box.y + box.height / 2);
    await page.waitForURL(/\/events\?from=.*&until=/);
    assert.match(await page.locator("#list-count").innerText(), /of \d+ events|^\d+ events?$/);
  }));

test("the overview fills by itself, and leaves focus and place alone", () =>
  withPage(browser, {}, async (page) => {
    await page.goto(`${base}/?span=24h`);
    await page.locator("#chart canvas").waitFor();
    const link = page.locator('[data-live="clients"] a').first();
    await link.focus();
    await page.evaluate(() => scrollTo(0, 200));
    await page.evaluate(() => (globalThis.same = true));
    const blocked = await total(page, "blocked");
    await mistype(`live-${Date.now()}.army.ml`);
    await until("the new event is counted", async () => (await total(page, "blocked")) > blocked);
    assert.equal(await page.evaluate(() => globalThis.same), true, "without loading the page anew");
    assert.equal(await page.evaluate(() => scrollY), 200);
    assert.equal(await page.evaluate(() => document.activeElement.closest("[data-live]")?.dataset.live), "clients");

    await page.getByRole("button", { name: "Pause updates" }).click();
    const paused = await total(page, "blocked");
    await mistype(`paused-${Date.now()}.army.ml`);
    await until("the history has the event", async () => (await (await fetch(`${base}/api/v1/events?name=paused-`)).json()).total > 0);
    await page.waitForTimeout(4000);
    assert.equal(await total(page, "blocked"), paused);
    await page.getByRole("button", { name: "Resume updates" }).click();
    await until("the event is counted after all", async () => (await total(page, "blocked")) > paused);
  }));

test("an analyst filters, sorts and pages, opens an event, says what it was, and exports", () =>
  withPage(browser, {}, async (page) => {
    await page.goto(base);
    await page.getByRole("link", { name: "Events", exact: true }).click();
    await page.locator("select[name=policy]").selectOption("mil");
    await page.getByLabel("Search").fill("ARMY.ml");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL(/policy=mil/);
    const count = Number((await page.locator("#list-count").innerText()).match(/of ([\d,]+) events/)[1].replaceAll(",", ""));
    assert.ok(count > 50);
    for (const name of await page.locator("tbody th a").allInnerTexts()) assert.match(name, /army\.ml$/);

    await page.getByRole("link", { name: "Count", exact: true }).click();
    assert.equal(await page.locator('th[aria-sort="descending"]').innerText(), "Count ▼".replace(" ▼", ""));
    const counts = (await page.locator("tbody td.n").allInnerTexts()).map(Number);
    assert.deepEqual(counts, [...counts].sort((a, b) => b - a));
    await page.getByRole("link", { name: "Next", exact: true }).click();
    assert.match(await page.locator("#list-count").innerText(), /^51–/);

    for (const [kind, lines] of [["CSV", count + 1], ["JSON", count]]) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: `Export ${kind}` }).click()]);
      assert.match(download.suggestedFilename(), /^typoguard-events-.*\.(csv|json)$/);
      assert.equal(readFileSync(await download.path(), "utf8").trimEnd().split("\n").length, lines);
    }

    await page.goto(`${base}/events?name=us.army.ml&client=192.0.2.7`);
    await page.getByRole("link", { name: /event omission22/ }).click();
    assert.equal(await page.locator("h1").innerText(), "us.army.ml looks like us.army.mil");
    assert.equal(await page.locator(".sentences").innerText(), "The letter “i” is missing before “l”.");
    await page.getByLabel("confirmed typo").check();
    await page.getByLabel("Note").fill("address book\n<b>of</b> host 7");
    await page.getByLabel("Decide for this name and policy").uncheck();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.waitForURL(/saved=1/);
    assert.equal(await page.getByRole("status").innerText(), "Saved: 1 event marked confirmed typo.");
    assert.equal(await page.locator(".said").innerText(), "address book\n<b>of</b> host 7");
    await page.goto(`${base}/events?state=confirmed`);
    assert.equal(await page.locator("tbody tr").count(), 1);

    await page.goto(`${base}/events/omission22`);
    await page.getByLabel("open", { exact: true }).check();
    await page.getByLabel("Note").fill("");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.waitForURL(/saved=1/);
  }));

test("of two analysts the second is shown what the first one said, and loses no word", () =>
  withPage(browser, {}, async (first) => {
    await first.goto(`${base}/events/homoglyph2`);
    await withPage(browser, {}, async (second) => {
      await second.goto(`${base}/events/homoglyph2`);
      for (const [page, words] of [[first, "asked the sender"], [second, "looks right to me"]]) {
        await page.getByLabel("confirmed typo").check();
        await page.getByLabel("Note").fill(words);
        await page.getByRole("button", { name: "Save", exact: true }).click();
        if (page === first) await page.waitForURL(/saved=1/);
      }
      assert.match(await second.getByRole("alert").innerText(), /^Someone else reviewed this event in the meantime/);
      assert.equal(await second.locator(".said").innerText(), "asked the sender");
      assert.equal(await second.getByLabel("Note").inputValue(), "looks right to me");
      assert.deepEqual(await violations(second), []);
      await picture(second, "meanwhile-laptop-light");
      await second.getByLabel("Note").fill("asked the sender; looks right to me");
      await second.getByRole("button", { name: "Save", exact: true }).click();
      await second.waitForURL(/saved=1/);
      assert.equal(await second.locator(".said").innerText(), "asked the sender; looks right to me");
    }, [409]);
  }));

test("reading and saying what it was need no JavaScript", () =>
  withPage(browser, { javaScriptEnabled: false }, async (page) => {
    await page.goto(`${base}/?span=24h`);
    assert.equal(await page.locator("#chart").isVisible(), false);
    assert.equal(await page.locator("#pause").isVisible(), false);
    assert.ok((await page.locator(".figures tbody tr").count()) === 24);
    assert.equal(await page.locator(".figures tbody tr").last().isVisible(), true);
    await picture(page, "no-script-laptop-light");
    await page.locator('[data-live="names"] a').first().click();
    await page.locator("tbody .when a").first().click();
    assert.match(await page.locator("h1").innerText(), /looks like/);
    await page.goto(`${base}/events/target2222`);
    await page.getByRole("radio", { name: "false positive" }).check();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    assert.equal(await page.getByRole("status").innerText(), "Saved: 1 event marked false positive.");
  }));

test("a keyboard gets everywhere", () =>
  withPage(browser, {}, async (page) => {
    await page.goto(base);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
    assert.ok((await page.locator(".skip").boundingBox()).x >= 0, "it is seen now");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "pause");
    await page.goto(`${base}/events/omission22`);
    for (let i = 0; i < 80 && !(await page.evaluate(() => document.activeElement.matches("form.review button"))); i++) await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => document.activeElement.matches("form.review button:focus-visible")));
  }));

test("an analyst decides 100 events of 20 names by keyboard in at most 60 key presses", () =>
  withPage(browser, {}, async (page) => {
    const queue = `${base}/events?policy=queue&state=open&sort=name`;
    const open = async () => (await (await fetch(`${base}/api/v1/events?policy=queue&state=open`)).json()).total;
    await page.goto(queue);
    assert.equal(await open(), 100);
    let presses = 0;
    const press = async (key) => {
      presses++;
      await page.keyboard.press(key);
    };
    // Half of them in the list, as fast as one can type: each key is about the row that follows.
    for (let i = 0; i < 10; i++) await press(i % 3 === 2 ? "f" : "c");
    await until("half of them are decided", async () => (await open()) === 50);
    await page.getByText("marked confirmed typo").waitFor();
    // The others on their pages, from one to the next.
    await press("j");
    await press("Enter");
    await page.waitForURL(/\/events\/\w+\?policy=queue&state=open&sort=name/);
    for (let i = 0; i < 10; i++) {
      const before = page.url();
      await press("c");
      await page.waitForURL((url) => url.href !== before && url.searchParams.has("batch"));
    }
    await page.getByText("Nothing is left open here.").waitFor();
    assert.equal(await open(), 0);
    assert.ok(presses <= 60, `${presses} key presses`);
    console.log(`${presses} key presses for 100 events of 20 names`);

    // What was decided last is taken back.
    await page.keyboard.press("u");
    await page.getByText("5 events for unit19.army.ml opened again.").waitFor();
    assert.equal(await open(), 5);
    await picture(page, "undone-laptop-light");
  }));

test("events are selected by keys or the mouse, and decided with a note; ? shows the keys, which can be off", () =>
  withPage(browser, {}, async (page) => {
    await page.goto(`${base}/events?policy=partners&state=open&text=mail.partenr`);
    const rows = page.locator("#list tbody tr");
    const count = await rows.count();
    assert.ok(count > 4);
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    assert.deepEqual(await violations(page), []);
    await picture(page, "keys-laptop-light");
    await page.keyboard.press("c"); // about nothing, while the keys are shown
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.equal(await rows.count(), count);

    await page.keyboard.press("j");
    assert.equal(await rows.nth(0).getAttribute("aria-current"), "true");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.keyboard.press("j");
    assert.equal(await rows.nth(1).getAttribute("aria-current"), "true");
    assert.ok(await rows.nth(1).locator(".when a").evaluate((link) => link === document.activeElement));
    await page.keyboard.press("x");
    await rows.nth(3).getByRole("checkbox").check();
    assert.equal(await page.locator("#selected").innerText(), "2 selected");
    await page.getByLabel("and all other open events for these names").uncheck();
    await page.keyboard.press("n");
    await page.keyboard.type("cf u?"); // in a field, keys are letters
    await page.keyboard.press("Escape");
    const third = await rows.nth(4).getAttribute("id");
    await picture(page, "selected-laptop-light");
    await page.keyboard.press("f");
    await page.getByText("2 events for mail.partenr.example marked false positive.").waitFor();
    assert.equal(await page.locator("tr[aria-current]").getAttribute("id"), third, "the next one in the list");
    const found = await (await fetch(`${base}/api/v1/events?policy=partners&state=false_positive&text=${encodeURIComponent("cf u?")}`)).json();
    assert.equal(found.total, 2);
    assert.equal(await page.getByLabel("and all other open events for these names").isChecked(), false, "as it was left");
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("2 events for mail.partenr.example opened again.").waitFor();

    await page.keyboard.press("s");
    assert.equal(await page.locator("#selected").innerText(), `${Math.min(await rows.count(), 50)} selected`);
    await page.keyboard.press("a");
    assert.equal(await page.locator("#selected").isVisible(), false);
    await page.getByRole("button", { name: "Confirm typo" }).click();
    await page.getByText("Nothing was changed: Select events").waitFor();
    await page.getByRole("button", { name: "Keys" }).click();
    await page.getByLabel("Keys are on").uncheck();
    await page.getByRole("button", { name: "Close" }).click();
    await page.keyboard.press("a");
    assert.equal(await page.locator("#selected").isVisible(), false);
  }, [422]));

test("two events are decided in a list without JavaScript, and that is undone", () =>
  withPage(browser, { javaScriptEnabled: false }, async (page) => {
    await page.goto(`${base}/events?policy=trial&state=open&sort=name`);
    const boxes = page.locator("#list input[name=event]");
    await boxes.nth(0).check();
    await boxes.nth(1).check();
    await page.getByLabel("and all other open events for these names").uncheck();
    await page.getByRole("button", { name: "False positive" }).click();
    await page.getByText("2 events for ").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("opened again.").waitFor();
    assert.match(page.url(), /policy=trial&sort=name&state=open|state=open/);
    assert.equal(await page.locator("#help").isVisible(), false);
    assert.match(await page.locator("#list thead").innerText(), /Time UTC/);
  }));

test("the list says how many events are new, and shows them without losing what is selected", () =>
  withPage(browser, { timezoneId: "Asia/Kolkata" }, async (page) => {
    await page.clock.install();
    await page.goto(`${base}/events?name=news-`);
    const marked = Date.now();
    await mistype(`news-${marked}.army.ml`);
    await until("the history has the event", async () => (await (await fetch(`${base}/api/v1/events?name=news-${marked}`)).json()).total > 0);
    const news = page.getByRole("button", { name: "1 new: show" });
    const later = () => page.clock.fastForward("30:00");
    await until("it says so", async () => (await later(), news.isVisible()));
    await page.keyboard.press("r");
    await page.locator("#list tbody tr").waitFor();
    await page.locator("#list input[name=event]").check();
    await mistype(`news-${marked}b.army.ml`);
    await until("the history has the event", async () => (await (await fetch(`${base}/api/v1/events?name=news-${marked}b`)).json()).total > 0);
    await until("it says so again", async () => (await later(), news.isVisible()));
    await news.click();
    await until("both are shown", async () => (await page.locator("#list tbody tr").count()) === 2);
    assert.equal(await page.locator("#list tbody tr", { has: page.locator("input:checked") }).locator("th").innerText(), `news-${marked}.army.ml`);

    const time = page.locator("#list time").first();
    const utc = await time.getAttribute("datetime");
    assert.equal(await time.getAttribute("title"), `${utc.replace("T", " ").replace("Z", "")} UTC`);
    const local = new Date(Date.parse(utc) + 5.5 * 3600e3).toISOString().slice(0, 19);
    assert.equal((await time.innerText()).replaceAll(/\s+/g, " "), local.replace("T", " "));
    assert.match(await page.locator("#list .when .ago").first().innerText(), /^now$| ago$/);
    assert.match(await page.locator("#list thead").innerText(), /Time GMT\+5:30/);

    // Nobody sees a hidden tab: it asks for nothing.
    let polls = 0;
    page.on("request", (request) => (polls += request.url().includes("after=") ? 1 : 0));
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await later();
    assert.equal(polls, 0);
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: false, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await until("it asks again", async () => polls > 0);
  }));

test("what strangers write stays text", () =>
  withPage(browser, {}, async (page) => {
    for (const path of ["/", "/?by=kind", "/events", "/events/hostile222"]) {
      await page.goto(base + path);
      await page.waitForTimeout(300);
      assert.equal(await page.locator("img").count(), 1, "ours");
      assert.equal(await page.locator("main script").count(), 0);
    }
    await page.getByLabel("Note").fill('"><script>alert(1)</script>\u202e');
    await page.getByLabel("confirmed typo").check();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.waitForURL(/saved=1/);
    assert.equal(await page.locator(".said").innerText(), '"><script>alert(1)</script>\\u{202E}');
  }));

// Each page has a process of its own in Chromium, so that these take as long as all CPUs need for them. They only look.
describe("axe-core", { concurrency: true }, () => {
  for (const size of ["laptop", "wall", "phone"]) {
    test(`finds nothing on a ${size} in light and dark, and nothing is wider than the screen`, () =>
      withPage(browser, { viewport: sizes[size], deviceScaleFactor: size === "phone" ? 2 : 1 }, async (page) => {
        for (const [name, path] of Object.entries(pages)) {
          await page.emulateMedia({ colorScheme: "light" });
          await show(page, name, path);
          assert.deepEqual(await violations(page), [], name);
          await assertFits(page, name, size);
          await picture(page, `${name.replaceAll(" ", "-")}-${size}-light`);
          await page.emulateMedia({ colorScheme: "dark" });
          assert.deepEqual(await violations(page, { type: "rule", values: ["color-contrast"] }), [], `${name}, dark`);
          await picture(page, `${name.replaceAll(" ", "-")}-${size}-dark`);
        }
      }, [400, 404]));
  }
});

test("nothing is cut at any of the usual widths", () =>
  withPage(browser, {}, async (page) => {
    for (const name of ["overview", "overview by kind", "list", "list of the queue", "omission", "hostile"]) {
      await show(page, name, pages[name]);
      for (const [size, viewport] of Object.entries(sizes)) {
        await page.setViewportSize(viewport);
        await assertFits(page, name, size);
        if (/^\d+$/.test(size)) await picture(page, `${name.replaceAll(" ", "-")}-${size}-light`);
      }
    }
  }));

async function show(page, name, path) {
  await page.goto(base + path);
  if (name.startsWith("overview")) await page.locator("#chart canvas").waitFor();
}

/** Fails if the page, or a table of it, is wider than there is room. */
async function assertFits(page, name, size) {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} scrolls sideways on ${size}`);
  const wide = await page.locator(".scroll:visible").evaluateAll((boxes) => boxes.filter((b) => b.scrollWidth > b.clientWidth).map((b) => b.getAttribute("aria-labelledby")));
  if (name !== "hostile") assert.deepEqual(wide, [], `${name} has tables wider than their place on ${size}`);
}

test("forced colours leave nothing unseen", () =>
  withPage(browser, { forcedColors: "active" }, async (page) => {
    for (const name of ["overview", "list", "omission"]) {
      await page.goto(base + pages[name]);
      if (name === "overview") await page.locator("#chart canvas").waitFor();
      await picture(page, `${name}-forced`);
      assert.deepEqual(await violations(page), [], name);
    }
  }));
