// Ears and eyes: what really comes out of the tracks of the other side, as samples and as pixels.

/** Louder than this is no silence: 60 dB below the loudest. */
const SILENCE = 0.001;

const SIDE = 16;

const context = new AudioContext({ sampleRate: 48000 });

/** Lets sound through: from then on, the first sound waits for no sound card. */
export async function wake() {
  await context.audioWorklet.addModule("./blocks.js");
  await context.resume();
}

function loudness(samples) {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

/** A voice: plays it, and tells the first sound of it. */
export class Ear {
  #analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  #source;
  #end = new AbortController();

  constructor(track, element, heard) {
    const stream = new MediaStream([track]);
    // Chromium hands out no samples of a stream that nothing plays.
    element.srcObject = stream;
    this.#source = context.createMediaStreamSource(stream);
    this.#source.connect(this.#analyser);
    if ("MediaStreamTrackProcessor" in globalThis) this.#readFrames(track, heard);
    else this.#readBlocks(heard);
  }

  /** Every 10 ms as they were decoded, the moment they are handed out. */
  async #readFrames(track, heard) {
    const copy = track.clone();
    const frames = new MediaStreamTrackProcessor({ track: copy }).readable.getReader();
    this.#end.signal.addEventListener("abort", () => copy.stop());
    for (;;) {
      const { value: frame, done } = await frames.read();
      if (done) return;
      const samples = new Float32Array(frame.numberOfFrames);
      frame.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      frame.close();
      if (loudness(samples) > SILENCE) break;
    }
    heard({ by: "frames" });
    frames.cancel();
    copy.stop();
  }

  /** What the sound card would get, in blocks of 128 samples. */
  #readBlocks(heard) {
    const blocks = new AudioWorkletNode(context, "blocks", { processorOptions: { silence: SILENCE } });
    this.#end.signal.addEventListener("abort", () => blocks.disconnect());
    blocks.port.onmessage = ({ data }) => heard({ by: "blocks", at: data });
    this.#source.connect(blocks).connect(context.destination);
  }

  /** The last sixth of a second: how loud it is, and its strongest tone. */
  listen() {
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#analyser.getFloatTimeDomainData(samples);
    const tones = new Float32Array(this.#analyser.frequencyBinCount);
    this.#analyser.getFloatFrequencyData(tones);
    const strongest = tones.indexOf(Math.max(...tones));
    const hertz = (strongest * context.sampleRate) / this.#analyser.fftSize;
    return { loudness: loudness(samples), hertz };
  }

  close() {
    this.#end.abort();
    this.#source.disconnect();
  }
}

/** A picture: shows it, and tells the first one that is drawn. */
export class Eye {
  #element;
  #track;
  #transceiver;
  #canvas = new OffscreenCanvas(SIDE, SIDE);
  #frames = 0;
  #isClosed = false;

  constructor(track, transceiver, element, seen, gone) {
    [this.#element, this.#track, this.#transceiver] = [element, track, transceiver];
    element.srcObject = new MediaStream([track]);
    let isSeen = false;
    const look = (now, { presentedFrames }) => {
      if (this.#isClosed) return;
      this.#frames = presentedFrames;
      if (!isSeen && this.#draw()) {
        isSeen = true;
        seen();
      }
      element.requestVideoFrameCallback(look);
    };
    element.requestVideoFrameCallback(look);
    track.addEventListener("mute", () => {
      isSeen = false;
      if (!this.#isClosed) gone();
    });
  }

  /** What is shown now: whether there is any, its size, its average colour, how many pictures were shown. */
  look() {
    const { videoWidth: width, videoHeight: height } = this.#element;
    // When both stop at once, Chromium may forget to say that the track fell silent.
    const isAgreed = ["sendrecv", "recvonly"].includes(this.#transceiver.currentDirection);
    return { on: isAgreed && !this.#track.muted, width, height, colour: this.#draw(), frames: this.#frames };
  }

  /** What is shown now, its brightness only: a byte for each pixel, as base64. */
  luma() {
    const [width, height] = [this.#element.videoWidth & ~1, this.#element.videoHeight & ~1];
    if (width === 0) return null;
    const brush = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    brush.drawImage(this.#element, 0, 0, width, height);
    const { data } = brush.getImageData(0, 0, width, height);
    let text = "";
    for (let at = 0; at < data.length; at += 4) {
      text += String.fromCharCode(0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]);
    }
    return { width, height, luma: btoa(text) };
  }

  close() {
    this.#isClosed = true;
    this.#element.srcObject = null;
  }

  /** The average colour; none if there is no picture. */
  #draw() {
    const brush = this.#canvas.getContext("2d", { willReadFrequently: true });
    brush.clearRect(0, 0, SIDE, SIDE);
    brush.drawImage(this.#element, 0, 0, SIDE, SIDE);
    const { data } = brush.getImageData(0, 0, SIDE, SIDE);
    const average = (channel) => {
      let sum = 0;
      for (let at = channel; at < data.length; at += 4) sum += data[at];
      return Math.round(sum / (SIDE * SIDE));
    };
    return average(3) === 255 ? [average(0), average(1), average(2)] : null;
  }
}
