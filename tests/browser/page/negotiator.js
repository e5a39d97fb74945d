// A bare connection that negotiates and carries nothing: which descriptions a browser takes, and what it says to them.
let peer;

/** Says of what the server may send only what it does send: otherwise Chromium lists all that it knows in each section. */
function saveWords() {
  const isWanted = ({ mimeType, sdpFmtpLine = "" }) =>
    /opus|vp8/i.test(mimeType) ||
    (/h264/i.test(mimeType) && /packetization-mode=1;profile-level-id=42e0/.test(sdpFmtpLine));
  for (const transceiver of peer.getTransceivers()) {
    const { codecs } = RTCRtpReceiver.getCapabilities(transceiver.receiver.track.kind);
    if (transceiver.direction === "recvonly") transceiver.setCodecPreferences(codecs.filter(isWanted));
  }
}

/** What the connection has in it, section by section. */
const sections = () =>
  peer.getTransceivers().map(({ mid, direction, currentDirection, stopped, receiver }) => {
    return { mid, direction, currentDirection, stopped, track: receiver.track.kind };
  });

/** Which streams the tracks that came are in. */
const heard = [];

const said = async (description) => {
  await peer.setLocalDescription(description);
  return { sdp: peer.localDescription.sdp, sections: sections(), heard };
};

/** How connections are begun. */
const BEGINNINGS = {
  /** As a page does it that knows nothing of media servers. */
  naive({ sound, picture, stream }) {
    peer.addTrack(sound, stream);
    peer.addTrack(picture, stream);
  },
  /** Sends only: the camera in three sizes, and a screen. */
  sender({ sound, picture, stream }) {
    const direction = "sendonly";
    const sendEncodings = [
      { rid: "l", scaleResolutionDownBy: 4 },
      { rid: "m", scaleResolutionDownBy: 2 },
      { rid: "h" },
    ];
    peer.addTransceiver(sound, { direction, streams: [stream] });
    peer.addTransceiver(picture, { direction, streams: [stream], sendEncodings });
    peer.addTransceiver(picture.clone(), { direction });
  },
  /** With a section that a media server does not take, beside one that it does or alone. */
  data({ sound, stream }) {
    peer.createDataChannel("chat");
    peer.addTrack(sound, stream);
  },
  onlyData() {
    peer.createDataChannel("chat");
  },
};

export const negotiating = {
  async beginNegotiating({ as, bundlePolicy }) {
    peer?.close();
    heard.length = 0;
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    const [[sound], [picture]] = [stream.getAudioTracks(), stream.getVideoTracks()];
    peer = new RTCPeerConnection({ bundlePolicy });
    peer.ontrack = ({ track, streams }) => heard.push([track.kind, ...streams.map(({ id }) => id)]);
    BEGINNINGS[as]({ sound, picture, stream });
  },

  /** Another picture, as `addTrack` finds a place for it. */
  async addPicture() {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    peer.addTrack(stream.getVideoTracks()[0], stream);
  },

  /** A section ends for good. */
  async stopSection({ mid }) {
    peer.getTransceivers().find((transceiver) => transceiver.mid === mid).stop();
  },

  async offer({ restart = false }) {
    return said(await peer.createOffer({ iceRestart: restart }));
  },

  async takeAnswer({ sdp }) {
    await peer.setRemoteDescription({ type: "answer", sdp });
    return { sections: sections(), heard };
  },

  async takeOffer({ sdp, isThrifty = false }) {
    await peer.setRemoteDescription({ type: "offer", sdp });
    if (isThrifty) saveWords();
    return said(await peer.createAnswer());
  },

  /** Takes its own offer back. */
  async rollback() {
    await peer.setLocalDescription({ type: "rollback" });
  },
};
