// Which screen is shown: who are you, the check before a call, the call, its end.
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Phone } from "../calls/phone";
import type { Identity } from "../calls/signal";
import { Ended } from "./ended";
import {
  askSignIn,
  byNumber,
  byToken,
  device,
  forgetIdentity,
  goalOf,
  keepToken,
  knownIdentity,
  type Goal,
  type SignIn,
} from "./identity";
import { Lobby } from "./lobby";
import { Button, Card, Field, FIELD } from "./parts";
import { Ringing } from "./ringing";
import { useRingingSound } from "./ringing_sound";
import { Renewal } from "./renewal";
import { Room } from "./room";
import { SignInAgain } from "./sign_in_again";
import { say } from "./text";

/** Renders again whenever something of the phone is another. */
export function usePhone(phone: Phone): number {
  return useSyncExternalStore(phone.subscribe, phone.version);
}

export function App() {
  const [signIn, setSignIn] = useState<SignIn | null>(null);
  const [phone, setPhone] = useState<Phone | null>(null);
  const [token, setToken] = useState<string | null>(null);
  const begin = (identity: Identity): void => {
    setToken(identity.auth.token ?? null);
    setPhone(new Phone(location.origin, identity, device()));
  };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const ask = (): void => {
      askSignIn().then(
        (signIn) => {
          setSignIn(signIn);
          const identity = knownIdentity(signIn);
          if (identity) begin(identity);
        },
        // The server is away: it is asked again, as the library asks for its connection.
        () => (timer = setTimeout(ask, 1000)),
      );
    };
    ask();
    return () => clearTimeout(timer);
  }, []);
  if (phone) {
    const again = (): void => {
      phone.close();
      forgetIdentity();
      setPhone(null);
    };
    return <Screens phone={phone} token={token} onSignOut={again} />;
  }
  if (!signIn) return <Card title={say("connecting")}>{null}</Card>;
  return <WhoAreYou signIn={signIn} onKnown={begin} />;
}

/** Keeps the sign-in good for as long as somebody gives another one. In open mode there is none that could run out. */
function useRenewal(phone: Phone, token: string | null): { needsPerson: boolean; offer: (token: string) => boolean } {
  const [needsPerson, setNeedsPerson] = useState(false);
  const renewal = useRef<Renewal | null>(null);
  useEffect(() => {
    if (token === null) return;
    const renewed = (token: string): void => {
      keepToken(token);
      phone.renew({ token });
    };
    const watch = new Renewal(phone.user, token, { renewed, needsPerson: setNeedsPerson });
    renewal.current = watch;
    return () => {
      watch.close();
      renewal.current = null;
    };
  }, [phone, token]);
  const isExpired = phone.line.is === "expired";
  useEffect(() => {
    if (isExpired) renewal.current?.expired();
  }, [isExpired]);
  return { needsPerson, offer: (token) => renewal.current?.offer(token) ?? false };
}

function WhoAreYou({ signIn, onKnown }: { signIn: SignIn; onKnown: (identity: Identity) => void }) {
  const [text, setText] = useState("");
  const isOpen = signIn === "open";
  const identity = (): Identity | null => (isOpen ? byNumber(text) : byToken(text));
  return (
    <Card title={say("signIn")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const known = identity();
          if (known) onKnown(known);
        }}
      >
        <Field label={say(isOpen ? "yourNumber" : "yourToken")} hint={say(isOpen ? "openMode" : "signInWhy")}>
          <input
            className={FIELD}
            id="who"
            required
            autoComplete="off"
            inputMode={isOpen ? "numeric" : "text"}
            pattern={isOpen ? "[1-9][0-9]{0,15}" : "[^.]+\\.[^.]+\\.[^.]+"}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </Field>
        <Button type="submit" tone="accent" className="w-full">
          {say("signIn")}
        </Button>
      </form>
    </Card>
  );
}

function Screens({ phone, token, onSignOut }: { phone: Phone; token: string | null; onSignOut: () => void }) {
  usePhone(phone);
  const [goal, setGoal] = useState<Goal | null>(() => goalOf(location.search));
  const [dismissed, setDismissed] = useState<unknown>(null);
  const { call, line } = phone;
  useRingingSound(phone);
  const renewal = useRenewal(phone, token);
  useEffect(() => {
    // Whoever closes the page leaves at once, and is not waited for.
    const leave = (): void => phone.call?.send({ event: "hangUp" });
    addEventListener("pagehide", leave);
    return () => removeEventListener("pagehide", leave);
  }, [phone]);
  const isLive = call !== null && call.state.phase.is !== "ended";
  if (line.is === "expired" && !isLive) {
    return (
      <Card title={say("signInEnded")}>
        <SignInAgain onToken={renewal.offer} />
      </Card>
    );
  }
  // Put off before the end, it comes back with it.
  const again = renewal.needsPerson && isLive && <SignInAgain key={line.is} isDuringCall onToken={renewal.offer} />;
  if (line.is === "refused") {
    const isReplaced = line.code === "replaced";
    return (
      <Card title={say(isReplaced ? "replaced" : "refused")}>
        <p className="mb-4 text-soft">{line.message}</p>
        <Button tone="accent" onClick={() => (isReplaced ? location.reload() : onSignOut())}>
          {say("tryAgain")}
        </Button>
      </Card>
    );
  }
  if (!call || call === dismissed) {
    return <Lobby phone={phone} goal={goal} onGoal={setGoal} />;
  }
  switch (call.state.phase.is) {
    case "ringing":
      return <Ringing phone={phone} call={call} />;
    case "ended":
      return <Ended call={call} reason={call.state.phase.reason} phone={phone} onHome={() => setDismissed(call)} />;
    default:
      return (
        <>
          <Room phone={phone} call={call} />
          {again}
        </>
      );
  }
}
