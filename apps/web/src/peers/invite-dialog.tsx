/** An invite: what it lets somebody do and for how long, then its token as text and as a code to scan. */
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent, type ReactNode } from "react";
import type { daemon } from "@lattice/proto";
import { lattice } from "../connection/lattice.ts";
import { keys } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Problem } from "../parts/notice.tsx";
import { SelectField } from "../parts/select-field.tsx";
import { timeText } from "../text/times.ts";
import { QrCode } from "./qr-code.tsx";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const ROLES = [
  { value: "reader", label: "reader: may read" },
  { value: "writer", label: "writer: may read and write" },
  { value: "admin", label: "admin: may also invite" },
  { value: "owner", label: "owner: may do everything" },
] as const;

const PERIODS = [
  { value: String(HOUR_MS), label: "an hour" },
  { value: String(DAY_MS), label: "a day" },
  { value: String(7 * DAY_MS), label: "a week" },
  { value: String(30 * DAY_MS), label: "30 days" },
] as const;

interface InviteDialogProps {
  readonly id: string;
  readonly title: string;
  readonly onClose: () => void;
}

export function InviteDialog({ id, title, onClose }: InviteDialogProps): ReactNode {
  const [role, setRole] = useState<(typeof ROLES)[number]["value"]>("writer");
  const [period, setPeriod] = useState<string>(PERIODS[2].value);
  const invite = useMutation({
    mutationFn: () => lattice.store.invite({ store: id, role, expiresInMs: BigInt(period) }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.invites(id) }),
  });
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    invite.mutate();
  };
  return (
    <Dialog title={`Invite to ${title}`} onClose={onClose}>
      {invite.data === undefined ? (
        <form onSubmit={onSubmit}>
          <SelectField label="Role" value={role} options={ROLES} onChange={setRole} />
          <SelectField
            label="Good for"
            value={period}
            options={PERIODS}
            onChange={setPeriod}
            help="One node can use it, once. It can be taken back until then."
          />
          <Problem what="Not invited" error={invite.error} />
          <div className="form-end">
            <button type="button" className="button" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" className="button button-primary" disabled={invite.isPending}>
              {invite.isPending ? "Inviting…" : "Make the invite"}
            </button>
          </div>
        </form>
      ) : (
        <MadeInvite invite={invite.data} onClose={onClose} />
      )}
    </Dialog>
  );
}

function MadeInvite({
  invite,
  onClose,
}: {
  readonly invite: daemon.InviteReply;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <div className="made-invite">
      <QrCode text={invite.token} label="The token as a code to scan" />
      <div className="field">
        <label htmlFor="invite-token">Token</label>
        <textarea
          id="invite-token"
          className="mono"
          rows={5}
          readOnly
          value={invite.token}
          onFocus={(event) => event.target.select()}
        />
        <p className="field-help">
          Whoever has it can join, until {timeText(Number(invite.expiresMs))}: hand it over like a key. It is
          shown only now.
        </p>
      </div>
      <div className="form-end">
        <CopyButton text={invite.token} what="the token" withText />
        <button type="button" className="button button-primary" onClick={onClose}>
          Done
        </button>
      </div>
    </div>
  );
}
