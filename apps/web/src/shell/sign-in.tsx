/** Shown instead of everything else to whoever the node does not know. */
import { useState, type FormEvent, type ReactNode } from "react";
import { linkCodeIn, signIn } from "../connection/session.ts";
import { queryClient } from "../data/query-client.ts";
import { Problem } from "../parts/notice.tsx";
import { usePageTitle } from "../parts/page-head.tsx";
import { TextField } from "../parts/text-field.tsx";

export function SignIn(): ReactNode {
  const [token, setToken] = useState("");
  const [error, setError] = useState<unknown>();
  const [isBusy, setIsBusy] = useState(false);
  usePageTitle("Sign in");
  const submit = async (): Promise<void> => {
    const code = linkCodeIn(token);
    if (code !== undefined) {
      location.assign(`/?token=${code}`);
      return;
    }
    setIsBusy(true);
    setError(undefined);
    try {
      await signIn(token);
      await queryClient.resetQueries();
    } catch (failure) {
      setError(failure);
    } finally {
      setIsBusy(false);
    }
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void submit();
  };
  return (
    <main className="sign-in">
      <h1>Lattice</h1>
      <p>
        This page belongs to a node, and the node does not know you yet. Open the link that it printed when it
        started, or ask for another one:
      </p>
      <pre>
        <code>lattice node link</code>
      </pre>
      <form onSubmit={onSubmit}>
        <TextField
          label="Or paste the link, or the token in lattice.token"
          type="password"
          value={token}
          onChange={setToken}
        />
        <Problem error={error} />
        <button type="submit" className="button button-primary" disabled={isBusy || token.trim() === ""}>
          Sign in
        </button>
      </form>
    </main>
  );
}
