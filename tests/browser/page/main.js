// What the driver can order, and what it is told. `told` is given by the driver.
import { Crowd } from "./crowd.js";
import { negotiating } from "./negotiator.js";
import { Phone } from "./phone.js";
import { Ear, Eye, wake } from "./senses.js";

const [theirs, picture, mirror] = ["theirs", "picture", "mirror"].map((id) => document.getElementById(id));
let phone, ear, eye, answers, crowd;

/** On the clock that all pages of a machine share. */
const now = () => performance.timeOrigin + performance.now();

function tell(milestone, { at = now(), ...detail } = {}) {
  const line = { milestone, at, ...detail };
  document.getElementById("said").textContent += `${JSON.stringify(line)}\n`;
  globalThis.told(JSON.stringify(line));
  if (milestone === "ended") {
    ear?.close();
    eye?.close();
    ear = eye = undefined;
  }
  if (milestone === "ringing" && answers) orders.answer(answers).catch(failed);
}

function failed(error) {
  tell("fault", { why: String(error) });
}

/** Microphone and camera. What is kept warm stays on between calls. */
class Media {
  #open = new Map();
  #warm;
  #hasMirror;
  #wishes;

  constructor(warm, size, hasMirror) {
    this.#warm = warm;
    this.#hasMirror = hasMirror;
    // A tone is taken for noise, and would be taken out.
    const asItIs = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    this.#wishes = { audio: { audio: asItIs }, video: { video: size ?? true } };
  }

  async open(kind) {
    if (!this.#open.has(kind)) {
      const stream = await navigator.mediaDevices.getUserMedia(this.#wishes[kind]);
      const [track] = stream.getTracks();
      if (kind === "video" && this.#hasMirror) mirror.srcObject = stream;
      this.#open.set(kind, { track, stream });
    }
    return this.#open.get(kind);
  }

  close(kind) {
    const { track } = this.#open.get(kind) ?? {};
    if (track) track.enabled = true;
    if (this.#warm.includes(kind)) return;
    track?.stop();
    this.#open.delete(kind);
  }
}

function play(track, transceiver) {
  if (track.kind === "audio") {
    ear?.close();
    ear = new Ear(track, theirs, (detail) => tell("first_audio", detail));
  } else {
    eye?.close();
    eye = new Eye(track, transceiver, picture, () => tell("first_picture"), () => tell("picture_gone"));
  }
}

const ufrag = (description) => /a=ice-ufrag:(\S+)/.exec(description?.sdp ?? "")?.[1];

/** The reports of getStats that say how a call does. */
const KINDS = ["inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair", "transport", "codec"];

export const orders = {
  async begin({ server, user, auth = {}, warm = [], size, hasMirror = true, answers: how }) {
    answers = how;
    document.querySelector("h1").textContent = `User ${user}`;
    const media = new Media(warm, size, hasMirror);
    for (const kind of warm) await media.open(kind);
    await wake();
    phone = new Phone({ server, user, auth, media, tell, play });
  },

  async call({ other, video = false }) {
    tell("wanted");
    await phone.dial(other, { video });
  },

  async answer({ video = false }) {
    await phone.answer({ video });
  },

  async reject() {
    await phone.reject();
  },

  async hangUp() {
    await phone.hangUp();
  },

  async addVideo() {
    await phone.call.addTracks(["video"]);
    await phone.call.toggled();
  },

  async stopVideo() {
    phone.call.removeTrack("video");
    await phone.call.toggled();
  },

  async mute({ kind = "audio", on }) {
    phone.call.mute(kind, on);
    await phone.call.toggled();
  },

  async restart() {
    phone.call.peer.restartIce();
  },

  async cut() {
    phone.cut();
  },

  /** What is heard and seen now, and by which addresses. */
  async look() {
    const peer = phone.call?.peer;
    const names = [peer?.localDescription, peer?.remoteDescription].map(ufrag);
    return {
      state: peer?.connectionState,
      signaling: peer?.signalingState,
      names,
      sound: ear?.listen(),
      picture: eye?.look(),
    };
  },

  /** What is shown now, its brightness only. */
  async picture() {
    return eye?.luma();
  },

  /** The reports of each kind. */
  async stats() {
    const all = [...(await phone.call.peer.getStats()).values()];
    return Object.fromEntries(KINDS.map((kind) => [kind, all.filter(({ type }) => type === kind)]));
  },

  async descriptions() {
    const { localDescription, remoteDescription } = phone.call.peer;
    return { local: localDescription.sdp, remote: remoteDescription.sdp };
  },

  /** Comes into a room of many. */
  async joinRoom({ roomName, ...how }) {
    crowd = new Crowd(phone, roomName, []);
    await crowd.join({ video: false, ...how });
  },

  async leaveRoom() {
    await crowd.leave();
  },

  async toggleInRoom({ audio, video }) {
    await crowd.toggle({ audio, video });
  },

  async subscribe({ streams }) {
    await crowd.subscribe(streams);
  },

  /** What is heard and seen of whom. */
  async lookRoom() {
    return crowd.look();
  },

  async pictureInRoom(whose) {
    return crowd.picture(whose);
  },

  async roomStats() {
    const all = [...(await crowd.peer.getStats()).values()];
    return Object.fromEntries(KINDS.map((kind) => [kind, all.filter(({ type }) => type === kind)]));
  },

  ...negotiating,
};

globalThis.orders = orders;
addEventListener("error", ({ error }) => failed(error));
addEventListener("unhandledrejection", ({ reason }) => failed(reason));
globalThis.ready = true;
