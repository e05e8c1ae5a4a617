/** One method: what it asks for as a form, and what it answered. */
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent, type ReactNode } from "react";
import { keys } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import type { Message, StoreMethod, StoreMethods } from "../data/store-methods.ts";
import { EMPTY_DRAFT, type MessageDraft } from "../fields/draft.ts";
import { MessageForm } from "../fields/message-form.tsx";
import { MessageView } from "../fields/message-view.tsx";
import { parseDraft, type FieldPath } from "../fields/parse-draft.ts";
import { Icon } from "../parts/icon.tsx";
import { Problem } from "../parts/notice.tsx";
import { useKept } from "../parts/use-kept.ts";
import { timeText } from "../text/times.ts";
import { StreamOutput } from "./stream-output.tsx";

export interface MethodFormProps {
  readonly id: string;
  readonly methods: StoreMethods;
  readonly method: StoreMethod;
}

const NO_MISTAKES: ReadonlyMap<FieldPath, string> = new Map();

export function MethodForm({ id, methods, method }: MethodFormProps): ReactNode {
  const [draft, setDraft, forget] = useKept<MessageDraft>(`method.${id}.${method.name}`, EMPTY_DRAFT);
  const [mistakes, setMistakes] = useState(NO_MISTAKES);
  const [streamed, setStreamed] = useState<{ readonly request: Message; readonly run: number }>();
  const call = useMutation({
    mutationFn: async (request: Message) => ({
      reply: await methods.call<Message>(method.name, request),
      timeMs: Date.now(),
    }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.store(id) }),
  });
  const submit = (): void => {
    const parsed = parseDraft(method.request, draft);
    setMistakes(parsed.ok ? NO_MISTAKES : parsed.mistakes);
    if (!parsed.ok) return;
    if (method.kind === "stream") setStreamed({ request: parsed.message, run: (streamed?.run ?? 0) + 1 });
    else call.mutate(parsed.message);
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    submit();
  };
  return (
    <section className="method" aria-labelledby="method-name">
      <h2 id="method-name">{method.name}</h2>
      {method.summary === "" ? null : <p>{method.summary}</p>}
      <form onSubmit={onSubmit} className="method-form">
        <MessageForm
          type={method.request}
          draft={draft}
          onChange={setDraft}
          mistakes={mistakes}
          onSubmit={submit}
        />
        <div className="form-end">
          <button type="button" className="button" onClick={forget}>
            Clear
          </button>
          <button type="submit" className="button button-primary" disabled={call.isPending}>
            <Icon name="play" /> {verbOf(method, { isBusy: call.isPending, isOpen: streamed !== undefined })}
          </button>
        </div>
      </form>
      <Problem what={`${method.name} failed`} error={call.error} />
      {call.data === undefined ? null : (
        <section
          className="reply"
          aria-label="Answer"
          aria-live="polite"
          ref={bringIntoView}
          key={call.data.timeMs}
        >
          <p className="muted">answered at {timeText(call.data.timeMs)}</p>
          <MessageView type={method.reply} message={call.data.reply} />
        </section>
      )}
      {streamed === undefined ? null : (
        <StreamOutput
          key={streamed.run}
          methods={methods}
          method={method}
          request={streamed.request}
          onClose={() => setStreamed(undefined)}
        />
      )}
    </section>
  );
}

/** Below a long form an answer would go unseen. */
function bringIntoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: "nearest" });
}

interface FormState {
  readonly isBusy: boolean;
  readonly isOpen: boolean;
}

function verbOf({ kind }: StoreMethod, { isBusy, isOpen }: FormState): string {
  if (kind === "stream") return isOpen ? "Start anew" : "Start";
  return isBusy ? "Calling…" : kind === "query" ? "Ask" : "Call";
}
