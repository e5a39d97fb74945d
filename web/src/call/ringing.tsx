// Somebody calls.
import type { Call } from "../calls/call";
import type { Phone } from "../calls/phone";
import { Avatar, Button } from "./parts";
import { useTonesWanted } from "./ringing_sound";
import { say } from "./text";
import { nameOf } from "./names";

export function Ringing({ phone, call }: { phone: Phone; call: Call }) {
  const { state } = call;
  const [isHeard, setHeard] = useTonesWanted();
  const [caller] = Object.values(state.people);
  const answer = async (video: boolean): Promise<void> => {
    await phone.media.open({ audio: true, video });
    phone.media.setAudio(true);
    const hasVideo = await phone.media.setVideo(video);
    call.send({ event: "setMedia", media: { audio: true, video: hasVideo } });
    call.send({ event: "accept" });
  };
  if (!caller) return null;
  const title = state.kind.is === "group" ? state.kind.name : nameOf(caller);
  return (
    <main className="grid h-full place-items-center p-4">
      <section className="grid w-full max-w-sm justify-items-center gap-5 text-center" role="alertdialog" aria-labelledby="who">
        <span className="rounded-full motion-safe:animate-ring">
          <Avatar user={caller.user} name={nameOf(caller)} url={caller.avatar} size={128} />
        </span>
        <div>
          <h1 id="who" className="text-2xl font-semibold">
            {title}
          </h1>
          <p className="text-soft">{say("rings")}</p>
        </div>
        <div className="grid w-full gap-2">
          {state.wantsVideo && (
            <Button tone="accent" onClick={() => void answer(true)}>
              {say("acceptVideo")}
            </Button>
          )}
          <Button tone={state.wantsVideo ? "plain" : "accent"} onClick={() => void answer(false)}>
            {say("accept")}
          </Button>
          <Button tone="danger" onClick={() => call.send({ event: "reject", isBusy: false })}>
            {say("reject")}
          </Button>
          {isHeard && (
            <button type="button" className="min-h-11 text-sm text-soft underline" onClick={() => setHeard(false)}>
              {say("tonesOff")}
            </button>
          )}
        </div>
      </section>
    </main>
  );
}
