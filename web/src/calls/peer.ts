// One RTCPeerConnection, as the rules order it and as it speaks to them. What browsers do differently from the standard
// is worked round here and nowhere else.
import type { Candidate } from "../protocol";
import type { Wanted } from "./state";
import type { FromPeer, PeerOrder } from "./wire";

/** What is sent: one sound, and at most two pictures. */
export type Kind = "audio" | "camera" | "screen";

const KINDS: readonly Kind[] = ["audio", "camera", "screen"];

/** What comes in one media section. */
export interface Came {
  mid: string;
  track: MediaStreamTrack;
  receiver: RTCRtpReceiver;
}

/** What a connection is given to work with. */
export interface Around {
  /** What is sent of each kind right now. */
  track: (kind: Kind) => MediaStreamTrack | null;
  /** What of it anybody looks at; null: all, for all that is known. */
  wanted: () => Wanted | null;
  tell: (from: FromPeer) => void;
  /** Tracks came or went. */
  changed: () => void;
}

/**
 * The sizes of the camera, of which the media server gives each receiver the one that fits. Of a small picture Chromium
 * sends the first layers only (seen with 156), which are the smallest; so it gets no more layers than it fills.
 */
export function layers(height: number): RTCRtpEncodingParameters[] {
  const whole = (maxBitrate: number): RTCRtpEncodingParameters => ({ rid: "h", maxBitrate });
  // What is small costs little: a receiver whose path carries a few of those would otherwise get none.
  if (height < 270) return [whole(150_000)];
  if (height < 540) return [{ rid: "l", scaleResolutionDownBy: 2, maxBitrate: 150_000 }, whole(500_000)];
  return [
    { rid: "l", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
    { rid: "m", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
    whole(1_500_000),
  ];
}

/**
 * Which of the layers are sent, from the smallest to the whole picture of that height, when nobody can use one higher than
 * `wanted`: the lowest that has it, and those below.
 */
export function worthSending(height: number, parts: number[], wanted: number): boolean[] {
  // A tenth of the pixels missing is not seen: the media server counts so too.
  const enough = parts.findIndex((part) => (height / part) * 10 >= wanted * 9);
  return parts.map((_, index) => wanted > 0 && (enough < 0 || index <= enough));
}

/**
 * After so many pictures of a layer the media server knows of it. One that it does not know it cannot want, so one that was
 * switched off before would stay off: that is looked at again after a while.
 */
const KNOWN_AFTER = 10;
const KNOWN_CHECK = 1000;

/** A camera that is not on yet will be of this height. */
const USUAL_HEIGHT = 720;

/** To one other device: a mesh of four sends three of these. */
const STRAIGHT: RTCRtpEncodingParameters[] = [{ maxBitrate: 1_000_000 }];

/** Letters have to stay sharp; a still screen costs little all the same. */
const SCREEN: RTCRtpEncodingParameters[] = [{ maxBitrate: 2_500_000 }];

/** Who begins the handshake of DTLS, in a description. */
const SETUP = /a=setup:(active|passive)/;

/** One connection. Orders are carried out one after the other. */
export class Peer {
  readonly #around: Around;
  readonly #isPolite: boolean;
  readonly #isToServer: boolean;
  readonly #connection: RTCPeerConnection;
  /** What our tracks of the other side's sound and picture are grouped by. */
  readonly #stream = new MediaStream();
  #sections = new Map<Kind, RTCRtpTransceiver>();
  /** Addresses from before the description that they belong to. */
  #early: Candidate[] = [];
  /**
   * What the polite one has said and not set. Chromium plays and shows nothing any more once an offer of its own was
   * taken back in a running call (seen with 156), so it is set only when the answer is there.
   */
  #kept: RTCSessionDescriptionInit | null = null;
  #theirRole: string | undefined;
  #work: Promise<void> = Promise.resolve();
  #again: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(order: Extract<PeerOrder, { order: "create" }>, around: Around) {
    [this.#around, this.#isPolite, this.#isToServer] = [around, order.isPolite, order.isToServer];
    const connection = new RTCPeerConnection({ iceServers: order.servers, bundlePolicy: "max-bundle" });
    this.#connection = connection;
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) this.#tell({ said: "candidate", candidate: candidate.toJSON() });
    };
    connection.onconnectionstatechange = () => this.#state(connection.connectionState);
    connection.ontrack = ({ track }) => {
      track.addEventListener("mute", around.changed);
      track.addEventListener("unmute", around.changed);
      around.changed();
    };
    connection.onnegotiationneeded = () => {
      // What is there before the first descriptions is in them.
      if (connection.remoteDescription) this.#tell({ said: "wantsToOffer" });
    };
  }

  get connection(): RTCPeerConnection {
    return this.#connection;
  }

  take(order: PeerOrder): void {
    if (order.order === "close") return this.#close();
    this.#work = this.#work.then(async () => {
      if (this.#isClosed) return;
      try {
        await this.#carryOut(order);
      } catch (error) {
        if (!this.#isClosed) this.#failed(order, error);
      }
    });
  }

  /** What comes now, section by section. */
  came(): Came[] {
    const receiving = ({ currentDirection }: RTCRtpTransceiver): boolean =>
      currentDirection === "sendrecv" || currentDirection === "recvonly";
    return this.#connection
      .getTransceivers()
      .filter((section) => section.mid !== null && receiving(section))
      .map(({ mid, receiver }) => ({ mid: mid ?? "", track: receiver.track, receiver }));
  }

  /** Sends another track of a kind, or none. */
  async replace(kind: Kind): Promise<void> {
    const track = this.#around.track(kind);
    const section = this.#sections.get(kind);
    try {
      if (section) await section.sender.replaceTrack(track);
      else if (track && this.#connection.remoteDescription) this.#open(kind);
      // The new one may have another height.
      this.adapt();
    } catch (error) {
      if (!this.#isClosed) throw error;
    }
  }

  /** Sends to the media server what somebody can use of our pictures, and nothing else. */
  adapt(): void {
    if (!this.#isToServer) return;
    this.#work = this.#work.then(async () => {
      try {
        for (const kind of ["camera", "screen"] as const) await this.#adapt(kind);
      } catch {
        // One that changes at this moment is looked at again when it has changed. What is sent in vain costs little.
      }
    });
  }

  async #adapt(kind: "camera" | "screen"): Promise<void> {
    const sender = this.#sections.get(kind)?.sender;
    if (this.#isClosed || !sender) return;
    const reports = [...(await sender.getStats()).values()] as Array<{ type: string; rid?: string; framesSent?: number }>;
    const wanted = this.#around.wanted();
    const most = kind === "camera" ? (wanted?.camera ?? Infinity) : (wanted?.screen ?? true) ? Infinity : 0;
    const height = this.#around.track(kind)?.getSettings().height ?? USUAL_HEIGHT;
    const parameters = sender.getParameters();
    const parts = parameters.encodings.map(({ scaleResolutionDownBy = 1 }) => scaleResolutionDownBy);
    const worth = worthSending(height, parts, most);
    const isKnown = (rid: string | undefined): boolean =>
      reports.some((one) => one.type === "outbound-rtp" && one.rid === rid && (one.framesSent ?? 0) >= KNOWN_AFTER);
    const active = parameters.encodings.map(({ rid }, index) => (worth[index] ?? true) || !isKnown(rid));
    if (active.some((isActive, index) => isActive && !worth[index])) this.#adaptLater();
    if (parameters.encodings.every((encoding, index) => encoding.active === active[index])) return;
    parameters.encodings.forEach((encoding, index) => (encoding.active = active[index] ?? true));
    await sender.setParameters(parameters);
  }

  #adaptLater(): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.adapt(), KNOWN_CHECK);
  }

  async #carryOut(order: PeerOrder): Promise<void> {
    switch (order.order) {
      case "makeOffer":
        return this.#makeOffer(order.restart);
      case "takeOffer":
        return this.#takeOffer(order.sdp);
      case "takeAnswer":
        return this.#takeAnswer(order.sdp);
      case "takeCandidate":
        return this.#takeCandidate(order.candidate);
      case "rollBack":
        this.#kept = null;
        break;
      case "create":
      case "close":
        break;
    }
  }

  async #makeOffer(iceRestart: boolean): Promise<void> {
    const connection = this.#connection;
    for (const kind of KINDS) {
      // Sound and camera have a place from the beginning, so that they come and go without new descriptions.
      if (!this.#sections.has(kind) && (kind !== "screen" || this.#around.track(kind))) this.#open(kind);
    }
    const offer = await connection.createOffer({ iceRestart });
    if (this.#isPolite && connection.remoteDescription) this.#kept = offer;
    else await connection.setLocalDescription(offer);
    this.#tell({ said: "offerMade", sdp: offer.sdp ?? "" });
  }

  async #takeOffer(sdp: string): Promise<void> {
    const connection = this.#connection;
    this.#kept = null;
    await connection.setRemoteDescription({ type: "offer", sdp });
    this.#adopt();
    if (this.#isToServer) this.#saveWords();
    const answer = await connection.createAnswer();
    await connection.setLocalDescription(answer);
    const ours = answer.sdp ?? "";
    this.#theirRole ??= SETUP.exec(ours)?.[1] === "active" ? "passive" : "active";
    this.#tell({ said: "answerMade", sdp: ours });
    await this.#retry();
    // What had no section in their offer.
    for (const kind of KINDS) if (!this.#sections.has(kind) && this.#around.track(kind)) this.#open(kind);
    this.adapt();
    this.#around.changed();
  }

  async #takeAnswer(sdp: string): Promise<void> {
    const connection = this.#connection;
    if (this.#kept) await connection.setLocalDescription(this.#kept);
    this.#kept = null;
    this.#theirRole ??= SETUP.exec(sdp)?.[1];
    // Firefox (seen with 153) answers a restart in another role than before, goes on in the old one, and Chromium
    // refuses what it says.
    const inTheirRole = sdp.replaceAll(new RegExp(SETUP, "g"), `a=setup:${this.#theirRole ?? "active"}`);
    await connection.setRemoteDescription({ type: "answer", sdp: inTheirRole });
    this.#tell({ said: "answerApplied" });
    await this.#retry();
    for (const kind of KINDS) if (!this.#sections.has(kind) && this.#around.track(kind)) this.#open(kind);
    this.adapt();
    this.#around.changed();
  }

  async #takeCandidate(candidate: Candidate): Promise<void> {
    if (!this.#connection.remoteDescription) {
      this.#early.push(candidate);
      return;
    }
    try {
      const init = typeof candidate === "string" ? { candidate, sdpMLineIndex: 0 } : candidate;
      await this.#connection.addIceCandidate(init);
    } catch {
      // Of a description that is not here yet: Firefox may send it first. It is tried again after the next one.
      this.#early.push(candidate);
    }
  }

  async #retry(): Promise<void> {
    for (const candidate of this.#early.splice(0)) await this.#takeCandidate(candidate);
  }

  /** A section of ours, for what is sent of a kind. */
  #open(kind: Kind): void {
    const isSound = kind === "audio";
    const track = this.#around.track(kind);
    const height = track?.getSettings().height ?? USUAL_HEIGHT;
    const camera = this.#isToServer ? layers(height) : STRAIGHT;
    const section = this.#connection.addTransceiver(track ?? (isSound ? "audio" : "video"), {
      // The media server gives those two a slot, so that two people need no further offer.
      direction: kind === "screen" && this.#isToServer ? "sendonly" : "sendrecv",
      streams: [this.#stream],
      ...(isSound ? {} : { sendEncodings: kind === "screen" ? SCREEN : camera }),
    });
    this.#sections.set(kind, section);
  }

  /** Takes the sections of their offer for what we send. The media server's are for what it sends. */
  #adopt(): void {
    if (this.#isToServer) return;
    const ours = new Set(this.#sections.values());
    const free = this.#connection.getTransceivers().filter((section) => !ours.has(section) && section.direction !== "stopped");
    for (const kind of KINDS) {
      const media = kind === "audio" ? "audio" : "video";
      if (this.#sections.has(kind)) continue;
      const section = free.find(({ receiver }) => receiver.track.kind === media);
      if (!section) continue;
      free.splice(free.indexOf(section), 1);
      section.direction = "sendrecv";
      section.sender.setStreams?.(this.#stream);
      void section.sender.replaceTrack(this.#around.track(kind));
      this.#sections.set(kind, section);
    }
  }

  /** Says of what the server may send only what it does send: otherwise Chromium lists all that it knows in each section. */
  #saveWords(): void {
    const isWanted = ({ mimeType, sdpFmtpLine = "" }: RTCRtpCodec): boolean =>
      /opus|vp8/i.test(mimeType) ||
      (/h264/i.test(mimeType) && /packetization-mode=1;profile-level-id=42e0/.test(sdpFmtpLine));
    const ours = new Set(this.#sections.values());
    for (const section of this.#connection.getTransceivers()) {
      if (ours.has(section) || section.direction === "stopped") continue;
      const codecs = RTCRtpReceiver.getCapabilities(section.receiver.track.kind)?.codecs.filter(isWanted);
      if (codecs?.length) section.setCodecPreferences(codecs);
    }
  }

  #state(state: RTCPeerConnectionState): void {
    if (state === "connected") this.#tell({ said: "up" });
    if (state === "disconnected" || state === "failed") this.#tell({ said: "lost" });
    this.#around.changed();
  }

  #failed(order: PeerOrder, error: unknown): void {
    console.warn("a connection does not", order.order, error);
    const isTheirs = order.order === "takeOffer" || order.order === "takeAnswer";
    // The media server gets another chance with another connection.
    if (this.#isToServer) this.#tell({ said: "closed" });
    else this.#tell({ said: isTheirs ? "theirFault" : "ourFault" });
  }

  #tell(from: FromPeer): void {
    if (!this.#isClosed) this.#around.tell(from);
  }

  #close(): void {
    this.#isClosed = true;
    clearTimeout(this.#again);
    this.#connection.close();
    this.#around.changed();
  }
}
