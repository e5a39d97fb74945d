// The check before a call: is the camera on, does the microphone hear, which devices, where to.
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Media, MediaState } from "../calls/media";
import { wakeAudio } from "../calls/media";
import type { Phone } from "../calls/phone";
import { idOf, ROOM_NAME, type Goal } from "./identity";
import { Icon } from "./icons";
import { Button, Field, FIELD, Round } from "./parts";
import { useTonesWanted } from "./ringing_sound";
import { say, sayFault } from "./text";

/** The devices as they are now. */
export function useMedia(media: Media): MediaState {
  return useSyncExternalStore(media.subscribe, media.getState);
}

/** What the person wants on, before and after the browser was asked. */
const wish = { audio: true, video: true };

export function Lobby({ phone, goal, onGoal }: { phone: Phone; goal: Goal | null; onGoal: (goal: Goal | null) => void }) {
  const { media } = phone;
  const state = useMedia(media);
  const [on, setOn] = useState({ ...wish });
  const [isChecked, setChecked] = useState(false);
  const [draft, setDraft] = useState<{ is: "room" | "person"; text: string }>({ is: "room", text: "" });
  const open = async (): Promise<void> => {
    await media.open({ audio: true, video: true });
    media.setAudio(wish.audio);
    await media.setVideo(wish.video);
    setChecked(true);
  };
  useEffect(() => void open(), []);
  const change = (part: Partial<typeof wish>): void => {
    Object.assign(wish, part);
    setOn({ ...wish });
    wakeAudio();
    if (part.audio !== undefined) media.setAudio(part.audio);
    if (part.video !== undefined) void media.setVideo(part.video);
  };
  const begin = (goal: Goal): void => {
    wakeAudio();
    onGoal(goal);
    if (goal.is === "room") {
      history.replaceState(null, "", `${location.pathname}?room=${encodeURIComponent(goal.room)}`);
      phone.join(goal.room);
    } else if (goal.is === "person") phone.dial(goal.user);
    else phone.dialGroup(goal.group);
  };
  const drafted = (): Goal | null => {
    if (goal) return goal;
    const user = idOf(draft.text.trim());
    if (draft.is === "person") return user === null || user === phone.user ? null : { is: "person", user };
    return ROOM_NAME.test(draft.text.trim()) ? { is: "room", room: draft.text.trim() } : null;
  };
  const isReady = isChecked && phone.line.is === "up";
  const isCall = goal ? goal.is !== "room" : draft.is === "person";
  return (
    <main className="h-full overflow-y-auto">
      <div className="mx-auto grid min-h-full max-w-5xl content-center gap-6 p-4 md:grid-cols-[3fr_2fr] md:items-center">
        <div>
          <Preview media={media} isOn={on.video} fault={state.faults.video} isAsking={state.isAsking} />
          <div className="mt-3 flex items-center justify-center gap-3">
            <Round
              icon={on.audio ? "mic" : "micOff"}
              tone={on.audio ? "plain" : "off"}
              label={say(on.audio ? "micOff" : "micOn")}
              onClick={() => change({ audio: !on.audio })}
            />
            <Round
              icon={on.video ? "camera" : "cameraOff"}
              tone={on.video ? "plain" : "off"}
              label={say(on.video ? "cameraOff" : "cameraOn")}
              onClick={() => change({ video: !on.video })}
            />
            <Level media={media} />
          </div>
        </div>
        <section className="rounded-2xl border border-line bg-card p-5" aria-labelledby="title">
          <h1 id="title" className="mb-3 text-xl font-semibold">
            {say(isCall ? "readyToCall" : "ready")}
          </h1>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const to = drafted();
              if (to) begin(to);
            }}
          >
            {goal ? <Where goal={goal} /> : <Ask draft={draft} onDraft={setDraft} />}
            <Button type="submit" tone="accent" className="mt-1 w-full" disabled={!isReady}>
              {say(phone.line.is === "up" ? (isCall ? "callNow" : "joinRoom") : "connecting")}
            </Button>
          </form>
          {goal && (
            <button type="button" className="mt-3 text-sm text-accent underline" onClick={() => onGoal(null)}>
              {say("home")}
            </button>
          )}
          <hr className="my-4 border-line" />
          <Devices media={media} state={state} onTryAgain={() => void open()} />
          <p className="mt-3 text-sm text-soft">
            {say("user", String(phone.user))}
            {!goal && `. ${say("waitForCalls")}`}
          </p>
        </section>
      </div>
    </main>
  );
}

function Where({ goal }: { goal: Goal }) {
  const where =
    goal.is === "room" ? goal.room : goal.is === "person" ? say("user", String(goal.user)) : `# ${goal.group}`;
  return (
    <p className="mb-4 rounded-xl bg-field px-3 py-2.5 font-medium break-all" data-testid="where">
      {where}
    </p>
  );
}

function Ask({
  draft,
  onDraft,
}: {
  draft: { is: "room" | "person"; text: string };
  onDraft: (draft: { is: "room" | "person"; text: string }) => void;
}) {
  const isRoom = draft.is === "room";
  return (
    <>
      <fieldset className="mb-3 grid grid-cols-2 gap-1 rounded-xl bg-field p-1">
        {(["room", "person"] as const).map((is) => (
          <label
            key={is}
            className="grid min-h-10 place-items-center rounded-lg text-sm font-medium has-checked:bg-card has-focus-visible:outline-3 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="to"
              className="sr-only"
              checked={draft.is === is}
              onChange={() => onDraft({ is, text: "" })}
            />
            {say(is === "room" ? "toRoom" : "toPerson")}
          </label>
        ))}
      </fieldset>
      <Field label={say(isRoom ? "roomName" : "person")} {...(isRoom ? { hint: say("roomHint") } : {})}>
        <input
          className={FIELD}
          id="to"
          required
          autoComplete="off"
          autoCapitalize="none"
          inputMode={isRoom ? "text" : "numeric"}
          pattern={isRoom ? "[A-Za-z0-9_.:\\-]{1,100}" : "[1-9][0-9]{0,15}"}
          value={draft.text}
          onInput={(event) => onDraft({ ...draft, text: event.currentTarget.value })}
        />
      </Field>
    </>
  );
}

function Preview({
  media,
  isOn,
  fault,
  isAsking,
}: {
  media: Media;
  isOn: boolean;
  fault: MediaState["faults"]["video"];
  isAsking: boolean;
}) {
  const video = useRef<HTMLVideoElement>(null);
  const track = media.track("camera");
  useEffect(() => {
    if (video.current) video.current.srcObject = track ? new MediaStream([track]) : null;
  }, [track]);
  const words = isAsking ? say("connecting") : fault ? sayFault(fault) : isOn ? "" : say("cameraIsOff");
  return (
    <div className="relative mx-auto aspect-video w-full overflow-hidden rounded-2xl bg-tile max-md:max-h-[38vh]">
      <video
        ref={video}
        autoPlay
        muted
        playsInline
        className={`size-full -scale-x-100 object-cover ${track ? "" : "invisible"}`}
        aria-label={say("camera")}
      />
      {!track && <p className="absolute inset-0 grid place-items-center px-6 text-center">{words}</p>}
    </div>
  );
}

/** How loud the microphone is: bars that move show that it hears. */
function Level({ media }: { media: Media }) {
  const meter = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let frame = 0;
    const draw = (): void => {
      frame = requestAnimationFrame(draw);
      const lit = Math.round(media.level() * BARS);
      [...(meter.current?.children ?? [])].forEach((bar, index) => bar.toggleAttribute("data-lit", index < lit));
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, [media]);
  return (
    <div ref={meter} className="flex h-12 items-center gap-1" aria-hidden="true">
      {Array.from({ length: BARS }, (_, index) => (
        <span key={index} className="h-5 w-1.5 rounded-full bg-tile data-lit:bg-speaks" />
      ))}
    </div>
  );
}

const BARS = 8;

/** Which microphone, camera and loudspeaker. */
export function Devices({ media, state, onTryAgain }: { media: Media; state: MediaState; onTryAgain: () => void }) {
  const { faults } = state;
  const [isRinging, setRinging] = useTonesWanted();
  return (
    <div className="grid gap-2">
      {(faults.audio ?? faults.video) && (
        <div className="rounded-xl bg-field p-3 text-sm" role="alert">
          {faults.audio && <p>{`${say("mic")}: ${sayFault(faults.audio)}`}</p>}
          {faults.video && <p>{`${say("camera")}: ${sayFault(faults.video)}`}</p>}
          <button type="button" className="mt-1 min-h-8 text-accent underline" onClick={onTryAgain}>
            {say("tryAgain")}
          </button>
        </div>
      )}
      <Choice
        icon="mic"
        label={say("mic")}
        devices={state.microphones}
        chosen={state.microphone}
        onChoose={(id) => void media.choose("audio", id)}
      />
      <Choice
        icon="camera"
        label={say("camera")}
        devices={state.cameras}
        chosen={state.camera}
        onChoose={(id) => void media.choose("video", id)}
      />
      {"setSinkId" in HTMLMediaElement.prototype && (
        <Choice
          icon="call"
          label={say("speaker")}
          devices={state.speakers}
          chosen={state.speaker}
          onChoose={(id) => media.chooseSpeaker(id)}
        />
      )}
      <label className="grid min-h-9 grid-cols-[1.5rem_1fr] items-center gap-2 text-sm">
        <input
          type="checkbox"
          className="size-5 accent-accent"
          checked={isRinging}
          onChange={(event) => setRinging(event.currentTarget.checked)}
        />
        {say("tones")}
      </label>
    </div>
  );
}

function Choice({
  icon,
  label,
  devices,
  chosen,
  onChoose,
}: {
  icon: "mic" | "camera" | "call";
  label: string;
  devices: MediaDeviceInfo[];
  chosen: string | null;
  onChoose: (id: string) => void;
}) {
  return (
    <label className="grid grid-cols-[1.5rem_1fr] items-center gap-2 text-sm">
      <Icon name={icon} className="size-5 text-soft" />
      <select
        className={`${FIELD} truncate`}
        aria-label={label}
        disabled={devices.length === 0}
        value={chosen ?? ""}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        {(devices.length === 0 || chosen === null) && <option value="">{label}</option>}
        {devices.map((device) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label || label}
          </option>
        ))}
      </select>
    </label>
  );
}
