// The page of a call as it is served, used as a person uses it: by the names of its buttons, and by what comes out of its
// loudspeakers and is on its screen.

/** Runs in the page: ears and eyes. */
function grow() {
  const context = new AudioContext({ sampleRate: 48000 });
  const connections = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...how) {
      super(...how);
      connections.push(this);
    }
  };
  const ears = new Map(); // by track

  function listen(track) {
    let ear = ears.get(track);
    if (!ear) {
      const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
      context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      ears.set(track, (ear = analyser));
    }
    return heard(ear);
  }

  function heard(ear) {
    const samples = new Float32Array(ear.fftSize);
    ear.getFloatTimeDomainData(samples);
    const tones = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(tones);
    const strongest = tones.indexOf(Math.max(...tones));
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    return { loudness: Math.sqrt(power), hertz: (strongest * ear.context.sampleRate) / ear.fftSize };
  }

  /** The pictures of others that are shown, by whose they are. */
  const shown = (user, kind) =>
    [...document.querySelectorAll("video[data-user]")].find(
      (video) => video.dataset.user === String(user) && video.dataset.kind === kind && video.videoWidth > 0,
    );

  // What the page itself makes audible: it rings.
  let rings = null;
  const { connect } = AudioNode.prototype;
  AudioNode.prototype.connect = function (to, ...how) {
    if (to instanceof AudioDestinationNode && this.context !== context) {
      rings = new AnalyserNode(this.context, { fftSize: 8192, smoothingTimeConstant: 0 });
      connect.call(this, rings);
    }
    return connect.call(this, to, ...how);
  };

  globalThis.senses = {
    look() {
      const users = {};
      for (const element of document.querySelectorAll("audio[data-user]")) {
        if (element.muted || element.paused) continue;
        const user = (users[element.dataset.user] ??= {});
        const [track] = element.srcObject?.getAudioTracks() ?? [];
        // A voice that is played twice is heard as an echo.
        user.voices = (user.voices ?? 0) + 1;
        if (track) user.sound = listen(track);
      }
      for (const video of document.querySelectorAll("video[data-user]")) {
        const { user, kind } = video.dataset;
        (users[user] ??= {})[kind] = { width: video.videoWidth, height: video.videoHeight };
      }
      const status = document.querySelector("[data-phase]")?.dataset ?? {};
      const text = (selector) => document.querySelector(selector)?.textContent ?? null;
      return {
        users,
        // A sound card that rests keeps what it played last, and plays nothing.
        rings: rings?.context.state === "running" ? heard(rings) : null,
        // Of each picture that is sent, which layers.
        layers: connections
          .filter(({ connectionState }) => connectionState === "connected")
          .flatMap((connection) => connection.getSenders())
          .filter(({ track }) => track?.kind === "video")
          .map((sender) => sender.getParameters().encodings.map(({ active }) => active)),
        phase: status.phase ?? null,
        way: status.way ?? null,
        reason: document.querySelector("[data-reason]")?.dataset.reason ?? null,
        title: text("h1"),
        banner: text("[data-testid=banner]"),
        lines: [...document.querySelectorAll("[data-testid=lines] li")].map((line) => line.textContent),
        tiles: [...document.querySelectorAll("[role=group][data-user]")].map((tile) => tile.ariaLabel),
        buttons: [...document.querySelectorAll("button")].map((button) => button.ariaLabel ?? button.textContent),
      };
    },
    luma({ user, kind = "camera" }) {
      const video = shown(user, kind);
      if (!video) return null;
      const [width, height] = [video.videoWidth & ~1, video.videoHeight & ~1];
      const brush = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      brush.drawImage(video, 0, 0, width, height);
      const { data } = brush.getImageData(0, 0, width, height);
      let text = "";
      for (let at = 0; at < data.length; at += 4) {
        text += String.fromCharCode(0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]);
      }
      return { width, height, luma: btoa(text) };
    },
    /** Of each picture of somebody else that has a place: whether it is in sight, and how many packets came of it. */
    async flows() {
      const receivers = connections
        .filter(({ connectionState }) => connectionState === "connected")
        .flatMap((connection) => connection.getReceivers());
      const sight = document.querySelector("[data-testid=stage]").getBoundingClientRect();
      const flows = {};
      for (const video of document.querySelectorAll("video[data-user]")) {
        const [track] = video.srcObject?.getVideoTracks() ?? [];
        const receiver = receivers.find((one) => one.track === track);
        if (!receiver) continue;
        const { top, bottom } = video.getBoundingClientRect();
        const reports = [...(await receiver.getStats()).values()].filter(({ type }) => type === "inbound-rtp");
        flows[video.dataset.user] = {
          isInSight: bottom > sight.top && top < sight.bottom,
          packets: reports.reduce((sum, { packetsReceived }) => sum + packetsReceived, 0),
        };
      }
      return flows;
    },
    scroll({ to }) {
      const stage = document.querySelector("[data-testid=stage]");
      stage.scrollTop = to * (stage.scrollHeight - stage.clientHeight);
    },
    /** What a failure needs to be understood. */
    async stats() {
      const alive = connections.filter(({ connectionState }) => connectionState !== "closed");
      const all = alive.map(async (connection) => ({
        sections: connection.getTransceivers().map(({ mid, currentDirection, receiver }) => {
          return `${mid} ${currentDirection}${receiver.track.muted ? " muted" : ""}`;
        }),
        pictures: [...(await connection.getStats()).values()]
          .filter(({ type, kind }) => /^(in|out)bound-rtp$/.test(type) && kind === "video")
          .map(({ type, mid, rid, frameHeight, framesReceived, framesDecoded, framesSent, bytesSent }) => {
            return { type, mid, rid, frameHeight, framesReceived, framesDecoded, framesSent, bytesSent };
          }),
      }));
      return { text: document.body.innerText, connections: await Promise.all(all) };
    },
    /** The button, field or item of that name, once it can be used. */
    find(name) {
      const isIt = (element) => {
        const named = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
        // Behind the name a button may count.
        const isNamed = named === name || named.startsWith(`${name} (`);
        return isNamed && !element.disabled && element.checkVisibility();
      };
      return [...document.querySelectorAll("button, input, select")].find(isIt);
    },
  };
}

/** The orders that this page takes. */
export class CallPage {
  #page;

  /** Opens `path` of the server, as a user of it. */
  static async open(page, { server, user, path = "", size }) {
    const opened = new CallPage();
    opened.#page = page;
    if (size) await page.setViewport(size);
    await page.evaluateOnNewDocument(grow);
    await page.goto(`${server}/call?${path}${path ? "&" : ""}lang=en#user=${user}`);
    await page.waitForFunction(() => document.querySelector("form button[type=submit]:not(:disabled)"));
    return opened;
  }

  order(name, with_) {
    const orders = {
      press: ({ name }) => this.#press(name),
      write: ({ name, text }) => this.#write(name, text),
      lookRoom: () => this.#page.evaluate(() => globalThis.senses.look()),
      pictureInRoom: (whose) => this.#page.evaluate((whose) => globalThis.senses.luma(whose), whose),
      flows: () => this.#page.evaluate(() => globalThis.senses.flows()),
      scroll: (where) => this.#page.evaluate((where) => globalThis.senses.scroll(where), where),
      roomStats: () => this.#page.evaluate(() => globalThis.senses.stats()),
      press_keys: ({ keys }) => this.#keys(keys),
    };
    return orders[name](with_);
  }

  async #find(name) {
    const found = await this.#page.waitForFunction((name) => globalThis.senses.find(name), {}, name);
    return found.asElement();
  }

  async #press(name) {
    await (await this.#find(name)).click();
  }

  async #write(name, text) {
    const field = await this.#find(name);
    await field.type(text);
    await field.press("Enter");
  }

  async #keys(keys) {
    for (const key of keys) await this.#page.keyboard.down(key);
    for (const key of [...keys].reverse()) await this.#page.keyboard.up(key);
  }
}
