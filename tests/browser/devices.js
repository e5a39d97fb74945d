// A microphone, a camera and a sound card for a machine that has none.
import { spawn } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Ten seconds of a tone, as a WAV file. */
export function tone(hertz) {
  const [rate, seconds] = [48000, 10];
  const file = Buffer.alloc(44 + rate * seconds * 2);
  file.write("RIFF", 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); // PCM
  file.writeUInt16LE(1, 22); // mono
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(file.length - 44, 40);
  for (let n = 0; n < rate * seconds; n += 1) {
    file.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hertz * n) / rate)), 44 + n * 2);
  }
  return file;
}

/** A second of one colour with a bar that walks through it, as a YUV4MPEG2 file. */
export function moving({ width, height, fps, colour: [red, green, blue] }) {
  const limit = (value) => Math.max(16, Math.min(240, Math.round(value)));
  const luma = limit(16 + 0.257 * red + 0.504 * green + 0.098 * blue);
  const [u, v] = [
    limit(128 - 0.148 * red - 0.291 * green + 0.439 * blue),
    limit(128 + 0.439 * red - 0.368 * green - 0.071 * blue),
  ];
  const chroma = (width / 2) * (height / 2);
  const parts = [Buffer.from(`YUV4MPEG2 W${width} H${height} F${fps}:1 Ip A1:1 C420jpeg\n`)];
  for (let frame = 0; frame < fps; frame += 1) {
    const plane = Buffer.alloc(width * height, luma);
    const bar = Math.floor((frame * (width - 8)) / fps);
    for (let row = 0; row < height; row += 1) plane.fill(235, row * width + bar, row * width + bar + 8);
    parts.push(Buffer.from("FRAME\n"), plane, Buffer.alloc(chroma, u), Buffer.alloc(chroma, v));
  }
  return Buffer.concat(parts);
}

/** A sound card that swallows what is played: without one, Firefox gives a page no samples at all. */
export async function soundCard(folder) {
  const socket = join(folder, "sound");
  const listen = `module-native-protocol-unix socket=${socket} auth-anonymous=1`;
  const options = ["-n", "--daemonize=no", "--use-pid-file=no", "--disable-shm=yes", "--exit-idle-time=-1"];
  const modules = ["-L", "module-null-sink", "-L", listen];
  // Its own folder, so that it meets no other of the same user.
  const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder };
  const server = spawn("pulseaudio", [...options, ...modules], { env, stdio: "ignore" });
  let end;
  server.once("error", (error) => (end = error));
  server.once("exit", (code) => (end = new Error(`pulseaudio ended with ${code}`)));
  while (!(await access(socket).then(() => true, () => false))) {
    if (end) throw end;
    await sleep(10);
  }
  return { address: `unix:${socket}`, close: () => server.kill() };
}
