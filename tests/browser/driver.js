// A browser with the page of a call, that does what it is told and says what comes of it, one JSON object a line. See
// README.md. It ends with its input, however that ends, and takes the browser with it.
import { createInterface } from "node:readline";
import { Page } from "./browser.js";

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
// Whoever is gone hears nothing; the end of the input says that he is.
process.stdout.on("error", () => {});
let page;

const work = {
  async open({ browser, hertz, picture, camera, isBare, callPage, ...begin }) {
    page = await Page.open({ browser, hertz, picture, camera, callPage: callPage && { ...begin, ...callPage } }, say);
    if (!isBare && !callPage) await page.order("begin", { ...begin, size: page.size });
    return { version: page.version };
  },
  screenshot: ({ path }) => page.screenshot(path),
  usage: () => page.usage(),
};

async function doIt({ id, do: what, ...with_ }) {
  try {
    const ok = await (work[what] ? work[what](with_) : page.order(what, with_));
    say({ id, ok: ok ?? null });
  } catch (error) {
    say({ id, error: String(error) });
  }
}

const input = createInterface({ input: process.stdin });
input.on("line", (line) => doIt(JSON.parse(line)));
input.on("close", async () => {
  await page?.close();
  process.exit(0);
});
