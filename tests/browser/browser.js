// One browser with one page in it: started with a made-up microphone and camera, and measured.
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { CallPage } from "./call_page.js";
import { moving, soundCard, tone } from "./devices.js";
import { usage } from "./usage.js";

const PROGRAMS = {
  chromium: ["chromium", "chromium-browser", "google-chrome"],
  firefox: ["firefox-esr", "firefox"],
};

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

function program(browser) {
  const isThere = (name) => spawnSync("which", [name]).status === 0;
  const name = PROGRAMS[browser].find(isThere);
  if (!name) throw new Error(`${browser} is not installed: run \`cargo xtask setup\``);
  return spawnSync("which", [name]).stdout.toString().trim();
}

/** Sound and picture of one's own, so that the other side can be told by them. */
const PICTURE = { width: 320, height: 240, fps: 30, colour: [200, 60, 60] };

/** What a browser is started with. */
async function settings(browser, folder, { hertz, picture, camera }) {
  if (browser === "chromium") {
    const sound = join(folder, "sound.wav");
    await writeFile(sound, tone(hertz));
    const film = camera ?? join(folder, "camera.y4m");
    if (!camera) await writeFile(film, moving(picture));
    const args = [
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-audio-capture=${sound}`,
      `--use-file-for-fake-video-capture=${film}`,
      "--autoplay-policy=no-user-gesture-required",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ];
    // By a pipe it ends with this program, however that ends.
    return { args, pipe: true, userDataDir: join(folder, "profile") };
  }
  const extraPrefsFirefox = {
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    "media.navigator.audio.fake_frequency": hertz,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    // Plain addresses, those of this machine among them.
    "media.peerconnection.ice.obfuscate_host_addresses": false,
    "media.peerconnection.ice.loopback": true,
    "media.peerconnection.ice.default_address_only": false,
    // What it would fetch by itself.
    "media.gmp-manager.updateEnabled": false,
    "media.gmp-provider.enabled": false,
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    "datareporting.policy.dataSubmissionEnabled": false,
  };
  const card = await soundCard(folder);
  return { extraPrefsFirefox, env: { ...process.env, PULSE_SERVER: card.address }, card };
}

/** Serves the page, and the library that it uses. */
async function serve() {
  const kinds = { ".html": "text/html", ".js": "text/javascript" };
  const library = here("node_modules/socket.io-client/dist/socket.io.esm.min.js");
  const server = createServer(async ({ url }, response) => {
    const name = url === "/" ? "/index.html" : url;
    try {
      const content = await readFile(name === "/socket.io.js" ? library : here(`page${name}`));
      response.writeHead(200, { "content-type": kinds[extname(name)] ?? "text/plain" }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** A page in a browser of its own. */
export class Page {
  #browser;
  #card;
  #folder;
  #page;
  #server;
  #callPage;

  /** `told` is given each milestone of the page. */
  static async open({ browser, hertz = 440, picture, camera, callPage }, told) {
    const page = new Page();
    page.#folder = await mkdtemp(join(tmpdir(), "calls-browser-"));
    page.#server = await serve();
    const whole = { ...PICTURE, ...picture };
    const { card, ...options } = await settings(browser, page.#folder, { hertz, picture: whole, camera });
    page.#card = card;
    page.#browser = await puppeteer.launch({
      browser: browser === "chromium" ? "chrome" : browser,
      executablePath: program(browser),
      headless: true,
      defaultViewport: null,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      ...options,
    });
    page.version = await page.#browser.version();
    [page.#page] = await page.#browser.pages();
    page.#page.on("pageerror", (error) => told({ milestone: "fault", why: String(error) }));
    if (callPage) {
      page.#callPage = await CallPage.open(page.#page, callPage);
      told({ milestone: "registered", at: Date.now() });
      return page;
    }
    await page.#page.exposeFunction("told", (line) => told(JSON.parse(line)));
    await page.#page.goto(`http://127.0.0.1:${page.#server.address().port}/`);
    await page.#page.waitForFunction("globalThis.ready");
    const { width, height, fps } = whole;
    page.size = camera ? undefined : { width, height, frameRate: fps };
    return page;
  }

  /** Has the page do something; what comes of it. */
  order(name, with_ = {}) {
    if (this.#callPage) return this.#callPage.order(name, with_);
    return this.#page.evaluate((name, with_) => globalThis.orders[name](with_), name, with_);
  }

  /** Takes a picture of the page. */
  async screenshot(path) {
    await this.#page.screenshot({ path });
  }

  /** What the browser has used, all its processes together. */
  usage() {
    return usage(this.#browser.process().pid);
  }

  async close() {
    await this.#browser?.close();
    this.#card?.close();
    this.#server?.close();
    this.#server?.closeAllConnections();
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }
}
