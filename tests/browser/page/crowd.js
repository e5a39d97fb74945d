// A client of rooms of many, through the media server: `docs/media-server.md` as a web developer reads it.
import { Ear, Eye } from "./senses.js";

/** Room for one picture and one sound on the page. */
function place(kind) {
  const element = document.createElement(kind);
  Object.assign(element, { autoplay: true, muted: kind === "video", width: 160 });
  document.body.append(element);
  return element;
}

/** One room that this page is in. */
export class Crowd {
  #tracks = new Map(); // what came, by its section
  #ears = new Map(); // by section
  #eyes = new Map();
  #streams = []; // who is in which section
  #senders = new Map();
  #onlyTcp; // as if the network let nothing else out
  #answered; // said when the first answer is there
  speakers = { speakers: [] };

  constructor(phone, roomName, iceServers) {
    Object.assign(this, { phone, roomName });
    this.peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.peer.ontrack = ({ track, transceiver }) => this.#came(track, transceiver);
    this.peer.onconnectionstatechange = () => phone.tell(`media ${this.peer.connectionState}`);
    const { socket } = phone;
    const ours = (act) => (told) => told.roomName === roomName && act(told);
    socket.on("call:answer", ours(({ sdpAnswer }) => this.#take(sdpAnswer, "answer")));
    socket.on("call:renegotiate", ours((again) => again.fromUserId === 0 && this.#again(again)));
    socket.on("call:streams", ours(({ streams }) => (this.#streams = streams)));
    socket.on("call:speakers", ours((told) => (this.speakers = told)));
    socket.on("call:room_state", ours((state) => (this.state = state)));
  }

  /** Comes in, with a sound and, if wanted, a picture in three sizes. */
  async join({ video, simulcast, muted = false, onlyTcp = false }) {
    const { phone, roomName, peer } = this;
    this.#onlyTcp = onlyTcp;
    const { track, stream } = await phone.media.open("audio");
    this.#senders.set("audio", peer.addTrack(track, stream));
    track.enabled = !muted;
    if (video) {
      const { track, stream } = await phone.media.open("video");
      const sendEncodings = simulcast
        ? [
            { rid: "q", scaleResolutionDownBy: 4 },
            { rid: "h", scaleResolutionDownBy: 2 },
            { rid: "f" },
          ]
        : undefined;
      const { sender } = peer.addTransceiver(track, { streams: [stream], sendEncodings });
      this.#senders.set("video", sender);
    }
    await peer.setLocalDescription();
    const answered = new Promise((resolve) => (this.#answered = resolve));
    const joined = { roomName, userId: phone.user, audio: !muted, video, sdpOffer: peer.localDescription };
    this.state = await phone.ask("call:join_room", joined);
    await answered;
    phone.tell("joined");
  }

  async leave() {
    this.peer.close();
    for (const sense of [...this.#ears.values(), ...this.#eyes.values()]) sense.close();
    await this.phone.ask("call:leave_room", { roomName: this.roomName, userId: this.phone.user });
  }

  /** Switches the microphone or the camera, and says so. */
  async toggle({ audio, video }) {
    const { phone, roomName } = this;
    for (const [kind, on] of Object.entries({ audio, video })) {
      const sender = this.#senders.get(kind);
      if (sender) sender.track.enabled = on;
    }
    await phone.ask("call:toggle_media", { roomName, userId: phone.user, audio, video });
  }

  async subscribe(streams) {
    await this.phone.ask("call:subscribe", { roomName: this.roomName, streams });
  }

  /** What is heard and seen now, by whose it is. */
  look() {
    const users = {};
    for (const { mid, userId, kind } of this.#streams) {
      const user = (users[userId] ??= {});
      if (kind === "audio") user.sound = this.#ears.get(mid)?.listen();
      else user[kind] = this.#eyes.get(mid)?.look();
    }
    return { state: this.peer.connectionState, users, ...this.speakers, topology: this.state?.topology };
  }

  /** What is shown of somebody, its brightness only. */
  picture({ user, kind = "camera" }) {
    const stream = this.#streams.find((stream) => stream.userId === user && stream.kind === kind);
    return this.#eyes.get(stream?.mid)?.luma();
  }

  async #take(description, type) {
    const theirs = typeof description === "string" ? { type, sdp: description } : { ...description };
    if (this.#onlyTcp) theirs.sdp = theirs.sdp.replaceAll(/a=candidate:.* udp .*\r\n/gi, "");
    await this.peer.setRemoteDescription(theirs);
    if (type === "answer") this.#answered?.();
  }

  async #again({ sdpOffer, sdpAnswer }) {
    try {
      if (sdpAnswer) return await this.#take(sdpAnswer, "answer");
      await this.#take(sdpOffer, "offer");
      await this.peer.setLocalDescription();
      const { roomName, phone, peer } = this;
      await phone.ask("call:renegotiate", { roomName, toUserId: 0, sdpAnswer: peer.localDescription });
    } catch (error) {
      this.phone.tell("fault", { why: String(error) });
    }
  }

  #came(track, transceiver) {
    const { mid } = transceiver;
    if (this.#tracks.get(mid) === track) return;
    this.#tracks.set(mid, track);
    const nothing = () => {};
    if (track.kind === "audio") this.#ears.set(mid, new Ear(track, place("audio"), nothing));
    else this.#eyes.set(mid, new Eye(track, transceiver, place("video"), nothing, nothing));
  }
}
