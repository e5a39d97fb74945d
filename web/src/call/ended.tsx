// What is said when a call is over.
import { useEffect } from "react";
import type { Call } from "../calls/call";
import type { Phone } from "../calls/phone";
import type { EndReason } from "../calls/state";
import { Button, Card } from "./parts";
import { clock, say, sayEnd } from "./text";

export function Ended({ phone, call, reason, onHome }: { phone: Phone; call: Call; reason: EndReason; onHome: () => void }) {
  const { kind, room, phase, mine } = call.state;
  const lasted = phase.is === "ended" ? phase.lasted : 0;
  // The camera's light has to go out when a call is over.
  useEffect(() => phone.media.release(), [phone]);
  const again = async (): Promise<void> => {
    await phone.media.open({ audio: true, video: mine.video });
    phone.media.setAudio(mine.audio);
    await phone.media.setVideo(mine.video);
    if (kind.is === "room") phone.join(room);
    else if (kind.is === "pair") phone.dial(kind.with);
    else phone.dialGroup(kind.group);
  };
  const isOut = reason === "removed" || reason === "not_let_in" || reason === "forbidden";
  return (
    <Card title={sayEnd(reason)}>
      <p className="mb-5 min-h-6 text-soft" role="status" data-reason={reason}>
        {lasted > 0 ? clock(lasted) : ""}
      </p>
      <div className="grid gap-2">
        {!isOut && (
          <Button tone="accent" onClick={() => void again()}>
            {say(kind.is === "room" ? "again" : "callAgain")}
          </Button>
        )}
        <Button onClick={onHome}>{say("home")}</Button>
      </div>
    </Card>
  );
}
