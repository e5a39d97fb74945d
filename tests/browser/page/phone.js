// A client of docs/protocol.md as a web developer writes it: one call at a time, straight between two devices. It is
// the client that is printed there, and what `call:renegotiate` and `call:resume` allow beyond it.
import { io } from "socket.io-client";

const PATIENCE = 5000;

/** Who begins the handshake of DTLS, in a description. */
const SETUP = /a=setup:(active|passive)/;
const SETUPS = new RegExp(SETUP, "g");

/** One device of one user. `tell(what, detail)` is told what happens, `play(track)` gets what comes. */
export class Phone {
  #heard = new Map(); // the latest event of each room
  #iceServers = [];
  #ringing;
  #call;

  constructor({ server, user, auth, media, tell, play }) {
    Object.assign(this, { user, media, tell, play });
    this.device = crypto.randomUUID();
    this.socket = io(server, { auth });
    this.socket.onAny((_, { roomName, eventId } = {}) => eventId && this.#heard.set(roomName, eventId));
    this.socket.on("connect", () => this.#register());
    this.socket.on("disconnect", (reason) => tell("offline", { reason }));
    this.socket.on("connect_error", ({ message }) => tell("refused", { message }));
    this.socket.on("call:error", (error) => tell("error", error));
    this.socket.on("call:incoming", (incoming) => this.#rings(incoming));
    this.socket.on("call:answer", (answer) => this.#of(answer)?.answered(answer.sdpAnswer));
    this.socket.on("ice:candidate", (theirs) => this.#of(theirs)?.takeCandidate(theirs.candidate));
    this.socket.on("call:renegotiate", (again) => this.#of(again)?.takeDescription(again));
    for (const event of ["user:media_changed", "user:reconnecting", "user:reconnected"]) {
      this.socket.on(event, (told) => this.#of(told) && tell(event, told));
    }
    for (const end of ["call:ended", "call:rejected"]) {
      this.socket.on(end, ({ roomName, reason }) => this.#over(roomName, reason));
    }
  }

  get call() {
    return this.#call;
  }

  /** The answer of the server, or an error that says why not. */
  async ask(event, payload) {
    const answer = await this.socket.timeout(PATIENCE).emitWithAck(event, payload);
    if (!answer.ok) throw new Error(`${event}: ${answer.error.code}: ${answer.error.message}`);
    return answer;
  }

  async dial(other, { video }) {
    const call = new Call(this, other, crypto.randomUUID(), this.#iceServers, { isPolite: false });
    this.#call = call;
    await call.addTracks(["audio", ...(video ? ["video"] : [])]);
    const sdpOffer = await call.describe();
    this.tell("dialled");
    const { roomName } = call;
    const callType = video ? "video" : "audio";
    const initiate = { fromId: this.user, toId: other, callType, roomName, sdpOffer };
    try {
      await this.ask("call:initiate", initiate);
      this.tell("initiated", { roomName });
    } catch (error) {
      this.#over(roomName, error.message);
    }
  }

  async answer({ video }) {
    const { roomName, fromId, sdpOffer, iceServers } = this.#ringing;
    const call = new Call(this, fromId, roomName, iceServers, { isPolite: true });
    this.#call = call;
    await call.addTracks(["audio", ...(video ? ["video"] : [])]);
    for (const early of this.#ringing.early) call.takeCandidate(early);
    this.#ringing = undefined;
    await call.take(sdpOffer, "offer");
    const sdpAnswer = await call.describe();
    this.tell("accepting");
    await this.ask("call:accept", { roomName, userId: this.user, sdpAnswer });
    this.tell("accepted");
    call.agreed();
  }

  async reject() {
    const { roomName } = this.#ringing;
    this.#ringing = undefined;
    await this.ask("call:reject", { roomName, userId: this.user });
  }

  async hangUp() {
    const { roomName } = this.#call;
    const answer = this.ask("call:end", { roomName, userId: this.user });
    this.#over(roomName, "hung_up");
    await answer;
  }

  /** Loses the connection to the server, as a train does in a tunnel; the library comes back by itself. */
  cut() {
    this.socket.io.engine.close();
  }

  async #register() {
    const { user, device } = this;
    const answer = await this.ask("call:register", { userId: user, deviceId: device, platform: "web" });
    this.#iceServers = answer.iceServers;
    this.tell("registered");
    if (!this.#call) return;
    const { roomName } = this.#call;
    await this.ask("call:resume", { roomName, userId: user, lastEventId: this.#heard.get(roomName) });
    this.tell("resumed");
    this.#call?.repeat();
  }

  #rings(incoming) {
    const { roomName, fromId, callType } = incoming;
    if (this.#call || this.#ringing) {
      this.ask("call:reject", { roomName, userId: this.user, reason: "busy" });
      return;
    }
    this.#ringing = { ...incoming, early: [] };
    this.tell("ringing", { from: fromId, callType });
  }

  /** The call that an event is of, if it is the one of this device. A candidate may come while it rings. */
  #of({ roomName, candidate }) {
    if (candidate && this.#ringing?.roomName === roomName) this.#ringing.early.push(candidate);
    return this.#call?.roomName === roomName ? this.#call : undefined;
  }

  #over(roomName, reason) {
    if (this.#ringing?.roomName === roomName) this.#ringing = undefined;
    else if (this.#call?.roomName === roomName) this.#call.close();
    else return;
    if (this.#call?.roomName === roomName) this.#call = undefined;
    this.tell("ended", { reason });
  }
}

/**
 * The connection of one call. Both may offer at any time; when they do so at once, the one who was called gives way.
 *
 * The usual way of giving way is to take one's own offer back (perfect negotiation). In Chromium (seen with 156),
 * whoever does that hears and sees nothing any more until the call ends. So the one who would have to does not set its
 * offer before the answer is there: then there is nothing to be taken back.
 */
class Call {
  #early = []; // candidates from before the description that they belong to
  #tooEarly = new WeakSet(); // those of them that were tried
  #isAgreed = false;
  #wantsToOffer = false;
  #isOffering = false;
  #isSettled = false; // their answer is about to be set
  #offered; // what the one who gives way has said and not set
  #isDeaf = false; // their offer met ours and was ignored; so are its candidates
  #isPolite;
  #theirRole;
  #senders = new Map();

  constructor(phone, other, roomName, iceServers, { isPolite }) {
    Object.assign(this, { phone, other, roomName });
    this.#isPolite = isPolite;
    this.peer = new RTCPeerConnection({ iceServers });
    this.peer.ontrack = ({ track, transceiver }) => phone.play(track, transceiver);
    this.peer.onnegotiationneeded = () => this.#offer();
    this.peer.onconnectionstatechange = () => phone.tell(this.peer.connectionState);
    this.peer.onicecandidate = ({ candidate }) => {
      if (!candidate) return;
      const ours = { roomName, fromUserId: phone.user, toUserId: other, candidate };
      phone.ask("ice:candidate", ours).catch((error) => phone.tell("unsent", { why: error.message }));
    };
  }

  async addTracks(kinds) {
    for (const kind of kinds) {
      const { track, stream } = await this.phone.media.open(kind);
      this.#senders.set(kind, this.peer.addTrack(track, stream));
    }
  }

  removeTrack(kind) {
    this.peer.removeTrack(this.#senders.get(kind));
    this.#senders.delete(kind);
    this.phone.media.close(kind);
  }

  mute(kind, isMuted) {
    this.#senders.get(kind).track.enabled = !isMuted;
  }

  /** Tells the other side what is on. */
  toggled() {
    const on = (kind) => Boolean(this.#senders.get(kind)?.track?.enabled);
    const { roomName, phone } = this;
    const media = { roomName, userId: phone.user, audio: on("audio"), video: on("video") };
    return phone.ask("call:toggle_media", media);
  }

  /** Ours, to whatever is there: an answer to their offer, or else an offer. */
  async describe() {
    this.#wantsToOffer = false;
    await this.peer.setLocalDescription();
    const { type, sdp } = this.peer.localDescription;
    if (type === "answer") this.#theirRole ??= SETUP.exec(sdp)?.[1] === "active" ? "passive" : "active";
    return this.peer.localDescription;
  }

  /** Theirs, as an object or as bare text. */
  async take(description, type) {
    const theirs = typeof description === "string" ? { type, sdp: description } : description;
    await this.peer.setRemoteDescription(type === "answer" ? this.#inTheirRole(theirs) : theirs);
    for (const candidate of this.#early.splice(0)) this.takeCandidate(candidate);
  }

  async answered(sdpAnswer) {
    await this.take(sdpAnswer, "answer");
    this.phone.tell("accepted");
    this.agreed();
  }

  agreed() {
    this.#isAgreed = true;
    if (this.#wantsToOffer) this.#offer();
  }

  async takeCandidate(candidate) {
    if (!this.peer.remoteDescription) {
      this.#early.push(candidate);
      return;
    }
    try {
      await this.peer.addIceCandidate(typeof candidate === "string" ? { candidate, sdpMLineIndex: 0 } : candidate);
    } catch (error) {
      if (this.#isDeaf || this.peer.signalingState === "closed") return;
      // Firefox may send one before the description that it belongs to.
      if (this.#tooEarly.has(candidate)) this.phone.tell("fault", { why: String(error) });
      this.#tooEarly.add(candidate);
      this.#early.push(candidate);
    }
  }

  async takeDescription({ sdpOffer, sdpAnswer }) {
    const { peer, phone } = this;
    try {
      if (sdpAnswer) {
        // Not awaited: a candidate that comes next must find both done.
        const set = this.#offered && peer.setLocalDescription(this.#offered);
        this.#offered = undefined;
        this.#isSettled = true;
        await Promise.all([set, this.take(sdpAnswer, "answer")]).finally(() => (this.#isSettled = false));
        phone.tell("renegotiated", { by: phone.user });
        return;
      }
      this.#offered = undefined;
      const isReady = peer.signalingState === "stable" || this.#isSettled;
      this.#isDeaf = !this.#isPolite && (this.#isOffering || !isReady);
      if (this.#isDeaf) return;
      await this.take(sdpOffer, "offer");
      this.#say({ sdpAnswer: await this.describe() });
      phone.tell("renegotiated", { by: this.other });
    } catch (error) {
      phone.tell("fault", { why: String(error) });
    }
  }

  /**
   * Who was the client of DTLS remains it. Firefox (seen with 153) says otherwise when the other side starts anew, goes
   * on as it was, and Chromium refuses what it says.
   */
  #inTheirRole({ type, sdp }) {
    this.#theirRole ??= SETUP.exec(sdp)?.[1];
    return { type, sdp: sdp.replaceAll(SETUPS, `a=setup:${this.#theirRole}`) };
  }

  /** After a lost connection: what was said into it may not have arrived. */
  repeat() {
    const isOpen = this.#isAgreed && this.peer.signalingState === "have-local-offer";
    const sdpOffer = isOpen ? this.peer.localDescription : this.#offered;
    if (sdpOffer) this.#say({ sdpOffer });
  }

  close() {
    this.peer.close();
    for (const kind of this.#senders.keys()) this.phone.media.close(kind);
  }

  async #offer() {
    // The first offer goes with `call:initiate`; what is wanted meanwhile is said when both have agreed.
    this.#wantsToOffer = !this.#isAgreed;
    if (this.#wantsToOffer) return;
    try {
      this.#isOffering = true;
      const sdpOffer = this.#isPolite ? await this.peer.createOffer() : await this.describe();
      // If theirs came meanwhile, the browser says again what is still wanted once that is done.
      if (this.#isPolite && this.peer.signalingState !== "stable") return;
      if (this.#isPolite) this.#offered = sdpOffer;
      this.#say({ sdpOffer });
    } catch (error) {
      this.phone.tell("fault", { why: String(error) });
    } finally {
      this.#isOffering = false;
    }
  }

  async #say(description) {
    const { roomName, other, phone } = this;
    try {
      await phone.ask("call:renegotiate", { roomName, toUserId: other, ...description });
    } catch (error) {
      phone.tell("unsent", { why: error.message });
    }
  }
}
