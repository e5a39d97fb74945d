// The sign-in has run out, and nobody but the person can give another one.
import { useState } from "react";
import { Button, Field, FIELD } from "./parts";
import { say } from "./text";

/** Asks for a token, in the middle of the page or over a call that goes on. */
export function SignInAgain({ isDuringCall = false, onToken }: { isDuringCall?: boolean; onToken: (token: string) => boolean }) {
  const [text, setText] = useState("");
  const [isWrong, setWrong] = useState(false);
  const [isPutOff, setPutOff] = useState(false);
  const form = (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setWrong(!onToken(text));
      }}
    >
      <Field label={say("yourToken")} {...(isWrong ? { hint: say("notYourToken") } : {})}>
        <input
          className={FIELD}
          id="token"
          required
          autoComplete="off"
          aria-invalid={isWrong}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </Field>
      <Button type="submit" tone="accent" className="w-full">
        {say("signIn")}
      </Button>
    </form>
  );
  if (!isDuringCall) {
    return (
      <>
        <p className="mb-4 text-soft">{say("signInWhy")}</p>
        {form}
      </>
    );
  }
  if (isPutOff) return null;
  return (
    <section
      className="fixed inset-x-2 top-12 z-30 mx-auto max-w-md rounded-2xl border border-line bg-card p-4"
      role="alert"
      data-testid="sign-in-again"
    >
      <p className="mb-3">{say("signInEnds")}</p>
      {form}
      <Button className="mt-2 w-full" onClick={() => setPutOff(true)}>
        {say("later")}
      </Button>
    </section>
  );
}
