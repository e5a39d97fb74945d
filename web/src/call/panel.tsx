// Beside the pictures: the chat, and who is there.
import { useEffect, useRef, useState } from "react";
import type { Call } from "../calls/call";
import type { HostOrder, Person } from "../calls/state";
import { others } from "../calls/turn";
import { Icon } from "./icons";
import { nameIn, nameOf } from "./names";
import { Avatar, Button } from "./parts";
import { say } from "./text";

/** Which one is open. */
export type PanelName = "chat" | "people";

export function Panel({ name, call, onClose }: { name: PanelName; call: Call; onClose: () => void }) {
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), [name]);
  return (
    <aside
      className="z-20 flex w-full flex-col border-line bg-card max-md:absolute max-md:inset-0 md:w-80 md:rounded-xl md:border"
      aria-label={say(name)}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <header className="flex items-center justify-between border-b border-line py-2 pr-2 pl-4">
        <h2 className="font-semibold">{say(name)}</h2>
        <button
          ref={close}
          type="button"
          className="grid size-10 place-items-center rounded-full hover:bg-field"
          aria-label={say("close")}
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      {name === "chat" ? <Chat call={call} /> : <People call={call} />}
    </aside>
  );
}

function Chat({ call }: { call: Call }) {
  const { state } = call;
  const [text, setText] = useState("");
  const lines = useRef<HTMLOListElement>(null);
  useEffect(() => lines.current?.scrollTo({ top: lines.current.scrollHeight }), [state.chat.length]);
  const send = (text: string, messageId: string = crypto.randomUUID()): void => call.send({ event: "chat", text, messageId });
  return (
    <>
      <ol ref={lines} className="flex-1 space-y-3 overflow-y-auto p-4" role="log" aria-live="polite" data-testid="lines">
        {state.chat.length === 0 && <li className="text-sm text-soft">{say("noMessages")}</li>}
        {state.chat.map(({ id, user, name, text, sentAt, status }) => (
          <li key={id}>
            <p className="text-xs text-soft">
              <b className="font-medium text-ink">{user === state.me ? say("you") : name || nameIn(state, user)}</b>{" "}
              {new Date(sentAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}
            </p>
            <p className={`break-words whitespace-pre-wrap ${status === "sending" ? "opacity-60" : ""}`}>{text}</p>
            {status === "failed" && (
              <button type="button" className="text-sm text-danger underline" onClick={() => send(text, id)}>
                {`${say("failed")}. ${say("tryAgain")}`}
              </button>
            )}
          </li>
        ))}
      </ol>
      <form
        className="flex gap-2 border-t border-line p-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim()) send(text.trim());
          setText("");
        }}
      >
        <input
          className="min-h-11 min-w-0 flex-1 rounded-xl border border-line bg-field px-3"
          aria-label={say("write")}
          placeholder={say("write")}
          maxLength={2000}
          autoComplete="off"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" aria-label={say("send")} className="grid size-11 shrink-0 place-items-center rounded-xl bg-accent text-on-accent">
          <Icon name="send" className="size-5" />
        </button>
      </form>
    </>
  );
}

function People({ call }: { call: Call }) {
  const { state } = call;
  const isHost = state.host === state.me;
  const order = (order: HostOrder): void => call.send({ event: "host", order });
  const hands = (person: Person): number => person.handRaisedAt ?? Infinity;
  const people = others(state)
    .flatMap((user) => state.people[user] ?? [])
    .sort((a, b) => hands(a) - hands(b) || 0);
  return (
    <div className="flex-1 overflow-y-auto p-2">
      {isHost && state.waiting.length > 0 && (
        <section className="mb-2 rounded-xl bg-field p-2" aria-label={say("waits")}>
          <h3 className="px-1 pb-1 text-sm font-medium">{say("waits")}</h3>
          <ul>
            {state.waiting.map(({ userId, userName }) => (
              <li key={userId} className="flex items-center gap-2 p-1">
                <span className="min-w-0 flex-1 truncate">{userName}</span>
                <Button tone="accent" onClick={() => order({ do: "admit", user: userId, isAdmitted: true })}>
                  {say("admit")}
                </Button>
                <Button onClick={() => order({ do: "admit", user: userId, isAdmitted: false })}>{say("deny")}</Button>
              </li>
            ))}
          </ul>
        </section>
      )}
      {isHost && (
        <section className="mb-2 border-b border-line pb-2">
          <Switch
            label={say("lock")}
            isOn={state.isLocked}
            onChange={(isLocked) => order({ do: "lock", isLocked })}
          />
          <Switch
            label={say("waitingRoom")}
            isOn={state.hasWaitingRoom}
            onChange={(isOn) => order({ do: "waitingRoom", isOn })}
          />
        </section>
      )}
      <ul aria-label={say("people")}>
        <Row user={state.me} name={say("you")} avatar={null} isMuted={!state.mine.audio} hasHand={state.mine.handRaisedAt !== null} isHost={isHost} />
        {people.map((person) => (
          <Row
            key={person.user}
            user={person.user}
            name={nameOf(person)}
            avatar={person.avatar}
            isMuted={!person.audio}
            hasHand={person.handRaisedAt !== null}
            isHost={state.host === person.user}
            {...(isHost ? { onOrder: order } : {})}
          />
        ))}
      </ul>
    </div>
  );
}

function Row({
  user,
  name,
  avatar,
  isMuted,
  hasHand,
  isHost,
  onOrder,
}: {
  user: number;
  name: string;
  avatar: string | null;
  isMuted: boolean;
  hasHand: boolean;
  isHost: boolean;
  onOrder?: (order: HostOrder) => void;
}) {
  return (
    <li className="rounded-xl p-2 hover:bg-field" data-user={user}>
      <div className="flex items-center gap-3">
        <Avatar user={user} name={name} url={avatar} size={36} />
        <span className="min-w-0 flex-1">
          <span className="block truncate">{name}</span>
          {isHost && <span className="block text-xs text-soft">{say("host")}</span>}
        </span>
        {hasHand && (
          <span role="img" aria-label={say("handIsUp")}>
            <Icon name="hand" className="size-5 text-fair" />
          </span>
        )}
        {isMuted && (
          <span role="img" aria-label={say("muted")}>
            <Icon name="micOff" className="size-5 text-soft" />
          </span>
        )}
      </div>
      {onOrder && (
        <div className="mt-1 flex gap-2 pl-12">
          <button
            type="button"
            className="min-h-8 rounded-lg px-2 text-sm text-accent disabled:opacity-50"
            disabled={isMuted}
            aria-label={`${say("mute")}: ${name}`}
            onClick={() => onOrder({ do: "mute", user })}
          >
            {say("mute")}
          </button>
          <button
            type="button"
            className="min-h-8 rounded-lg px-2 text-sm text-danger"
            aria-label={`${say("remove")}: ${name}`}
            onClick={() => onOrder({ do: "remove", user })}
          >
            {say("remove")}
          </button>
        </div>
      )}
    </li>
  );
}

function Switch({ label, isOn, onChange }: { label: string; isOn: boolean; onChange: (isOn: boolean) => void }) {
  return (
    <label className="flex min-h-11 items-center justify-between gap-3 px-2">
      {label}
      <input type="checkbox" role="switch" className="size-5 accent-(--accent)" checked={isOn} onChange={(event) => onChange(event.currentTarget.checked)} />
    </label>
  );
}
