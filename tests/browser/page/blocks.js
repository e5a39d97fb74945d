// Tells when the first block that is no silence passes. The clock of a worklet counts whole milliseconds.
class Blocks extends AudioWorkletProcessor {
  #silence;
  #isHeard = false;

  constructor({ processorOptions: { silence } }) {
    super();
    this.#silence = silence;
  }

  process([[samples]]) {
    if (this.#isHeard) return false;
    if (!samples) return true;
    const loudness = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    if (loudness <= this.#silence) return true;
    // Firefox goes on asking.
    this.#isHeard = true;
    this.port.postMessage(Date.now());
    return false;
  }
}

registerProcessor("blocks", Blocks);
