// Microphone, camera and screen of this device. They are asked for once: later a track is replaced, not asked for.

/** What a person has to be told when there is no microphone or camera. */
export type MediaFault = "denied" | "missing" | "busy" | "insecure" | "unknown";

/** What is there, and why something is not. */
export interface MediaState {
  microphones: MediaDeviceInfo[];
  cameras: MediaDeviceInfo[];
  speakers: MediaDeviceInfo[];
  /** The device in use. */
  microphone: string | null;
  camera: string | null;
  speaker: string | null;
  isAsking: boolean;
  faults: { audio: MediaFault | null; video: MediaFault | null; screen: MediaFault | null };
}

const NOTHING: MediaState = {
  microphones: [],
  cameras: [],
  speakers: [],
  microphone: null,
  camera: null,
  speaker: null,
  isAsking: false,
  faults: { audio: null, video: null, screen: null },
};

const SOUND: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

const PICTURE: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};

/** What of the browser's is needed; tests bring their own. */
export type Devices = Pick<
  MediaDevices,
  "getUserMedia" | "getDisplayMedia" | "enumerateDevices" | "addEventListener" | "removeEventListener"
>;

/** What this device sends. `changed` is told when a track is another one. */
export class Media {
  state: MediaState = NOTHING;
  #devices: Devices | undefined;
  #audio: MediaStreamTrack | null = null;
  #video: MediaStreamTrack | null = null;
  #screen: MediaStreamTrack | null = null;
  #isVideoOn = false;
  #listeners = new Set<() => void>();
  #meter: Meter | null = null;

  constructor(devices: Devices | undefined = navigator.mediaDevices) {
    this.#devices = devices;
    devices?.addEventListener("devicechange", this.#look);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getState = (): MediaState => this.state;

  /** What is sent of each kind now; a microphone that is off is there, and silent. */
  track(kind: "audio" | "camera" | "screen"): MediaStreamTrack | null {
    if (kind === "audio") return this.#audio;
    return kind === "camera" ? (this.#isVideoOn ? this.#video : null) : this.#screen;
  }

  /** Asks once for both; what one of them lacks does not take the other away. */
  async open({ audio, video }: { audio: boolean; video: boolean }): Promise<void> {
    if (!this.#devices) {
      this.#set({ faults: { audio: "insecure", video: "insecure", screen: null } });
      return;
    }
    const needs = { audio: audio && !this.#audio, video: video && !this.#video };
    if (!needs.audio && !needs.video) return;
    this.#set({ isAsking: true });
    try {
      this.#keep(await this.#get(needs));
    } catch (error) {
      const fault = faultOf(error);
      if (needs.audio && needs.video) await this.#openOneByOne();
      else this.#fault(needs.audio ? "audio" : "video", fault);
    }
    this.#set({ isAsking: false });
    await this.#look();
  }

  async #openOneByOne(): Promise<void> {
    for (const kind of ["audio", "video"] as const) {
      try {
        this.#keep(await this.#get({ audio: kind === "audio", video: kind === "video" }));
      } catch (error) {
        this.#fault(kind, faultOf(error));
      }
    }
  }

  /** Takes another device; the one before goes when the new one is there. */
  async choose(kind: "audio" | "video", device: string): Promise<void> {
    if (!this.#devices) return;
    const deviceId = { exact: device };
    try {
      const wish = kind === "audio" ? { audio: { ...SOUND, deviceId } } : { video: { ...PICTURE, deviceId } };
      this.#keep(await this.#devices.getUserMedia(wish));
    } catch (error) {
      this.#fault(kind, faultOf(error));
    }
  }

  chooseSpeaker(device: string): void {
    this.#set({ speaker: device });
  }

  setAudio(isOn: boolean): void {
    if (this.#audio) this.#audio.enabled = isOn;
  }

  /** Switches the camera. Off, its light goes out where asking for it again costs the person nothing. */
  async setVideo(isOn: boolean): Promise<boolean> {
    if (isOn && !this.#video) await this.open({ audio: false, video: true });
    this.#isVideoOn = isOn && this.#video !== null;
    if (this.#video) this.#video.enabled = this.#isVideoOn;
    this.#told();
    if (!isOn && this.#video && (await mayAskSilently())) {
      // It may have been switched on again meanwhile.
      if (!this.#isVideoOn) {
        this.#video.stop();
        this.#video = null;
        this.#told();
      }
    }
    return this.#isVideoOn;
  }

  /** Shows the screen, if the person picks one. `ended` is told when they stop it in the browser's own bar. */
  async share(ended: () => void): Promise<boolean> {
    try {
      const stream = await this.#devices?.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: false });
      const [track] = stream?.getVideoTracks() ?? [];
      if (!track) return false;
      track.contentHint = "detail";
      track.addEventListener("ended", () => {
        if (this.#screen !== track) return;
        this.#screen = null;
        this.#told();
        ended();
      });
      this.#screen = track;
      this.#told();
      return true;
    } catch (error) {
      // Whoever closes the browser's own question changed their mind.
      const fault = faultOf(error);
      if (fault !== "denied") this.#fault("screen", fault);
      return false;
    }
  }

  stopSharing(): void {
    this.#screen?.stop();
    this.#screen = null;
    this.#told();
  }

  /** How loud the microphone is, 0 to 1. */
  level(): number {
    if (!this.#audio?.enabled) return 0;
    this.#meter ??= meter(this.#audio);
    return this.#meter?.level() ?? 0;
  }

  close(): void {
    this.#devices?.removeEventListener("devicechange", this.#look);
    this.release();
  }

  /** Lets go of all devices; they can be opened again. */
  release(): void {
    for (const track of [this.#audio, this.#video, this.#screen]) track?.stop();
    this.#meter?.close();
    [this.#audio, this.#video, this.#screen, this.#meter, this.#isVideoOn] = [null, null, null, null, false];
    this.#told();
  }

  #get({ audio, video }: { audio: boolean; video: boolean }): Promise<MediaStream> {
    const wish = { ...(audio ? { audio: SOUND } : {}), ...(video ? { video: PICTURE } : {}) };
    return this.#devices?.getUserMedia(wish) ?? Promise.reject(new Error("no devices"));
  }

  #keep(stream: MediaStream): void {
    for (const track of stream.getTracks()) {
      const id = track.getSettings().deviceId ?? null;
      if (track.kind === "audio") {
        track.enabled = this.#audio?.enabled ?? true;
        this.#audio?.stop();
        this.#audio = track;
        this.#meter?.close();
        this.#meter = null;
        this.#set({ microphone: id, faults: { ...this.state.faults, audio: null } });
      } else {
        track.contentHint = "motion";
        track.enabled = this.#isVideoOn || this.#video === null;
        this.#video?.stop();
        this.#video = track;
        this.#set({ camera: id, faults: { ...this.state.faults, video: null } });
      }
      // Unplugged: whoever looks sees it, and chooses another one.
      track.addEventListener("ended", () => this.#ended(track));
    }
  }

  #ended(track: MediaStreamTrack): void {
    if (track === this.#audio) [this.#audio] = [null];
    else if (track === this.#video) [this.#video, this.#isVideoOn] = [null, false];
    else return;
    this.#fault(track.kind === "audio" ? "audio" : "video", "missing");
  }

  #look = async (): Promise<void> => {
    const all = (await this.#devices?.enumerateDevices().catch(() => [])) ?? [];
    const of = (kind: MediaDeviceKind): MediaDeviceInfo[] =>
      all.filter((device) => device.kind === kind && device.deviceId !== "");
    const [microphones, cameras, speakers] = [of("audioinput"), of("videoinput"), of("audiooutput")];
    this.#set({ microphones, cameras, speakers });
  };

  #fault(kind: "audio" | "video" | "screen", fault: MediaFault): void {
    this.#set({ faults: { ...this.state.faults, [kind]: fault } });
  }

  #set(part: Partial<MediaState>): void {
    this.state = { ...this.state, ...part };
    this.#told();
  }

  #told(): void {
    this.state = { ...this.state };
    for (const listener of this.#listeners) listener();
  }
}

/** How loud a track is. */
interface Meter {
  level: () => number;
  close: () => void;
}

let context: AudioContext | undefined;

/** Lets the meter run: browsers give sound to a page that was touched. */
export function wakeAudio(): void {
  void context?.resume();
}

function meter(track: MediaStreamTrack): Meter | null {
  try {
    context ??= new AudioContext();
    void context.resume();
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const analyser = new AnalyserNode(context, { fftSize: 1024 });
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const level = (): number => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      return Math.min(1, Math.sqrt(power) * 4);
    };
    return { level, close: () => source.disconnect() };
  } catch {
    // No sound card: there is nothing to show.
    return null;
  }
}

async function mayAskSilently(): Promise<boolean> {
  try {
    const { state } = await navigator.permissions.query({ name: "camera" as PermissionName });
    return state === "granted";
  } catch {
    // A browser that does not say would ask the person again.
    return false;
  }
}

function faultOf(error: unknown): MediaFault {
  const name = error instanceof DOMException || error instanceof Error ? error.name : "";
  switch (name) {
    case "NotAllowedError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    case "SecurityError":
    case "TypeError":
      return "insecure";
    default:
      return "unknown";
  }
}
