/** Who shares a store, who of them is there now, and who is invited. */
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { daemon } from "@lattice/proto";
import { lattice } from "../connection/lattice.ts";
import { keys, useInvites, useMemberNames, usePeers } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import { ConfirmButton } from "../parts/confirm-button.tsx";
import { Icon } from "../parts/icon.tsx";
import { Identity } from "../parts/identity.tsx";
import { Empty, Loading } from "../parts/loading.tsx";
import { Problem } from "../parts/notice.tsx";
import { Ago } from "../parts/time.tsx";
import { toHex } from "../text/hex.ts";
import { InviteDialog } from "./invite-dialog.tsx";

export function MembersTab({ id, title }: { readonly id: string; readonly title: string }): ReactNode {
  const [isInviting, setIsInviting] = useState(false);
  return (
    <div className="stack">
      <div className="section-head">
        <h2>Members</h2>
        <button type="button" className="button button-primary" onClick={() => setIsInviting(true)}>
          <Icon name="plus" /> Invite
        </button>
      </div>
      <Members id={id} />
      <div className="section-head">
        <h2>Invites</h2>
      </div>
      <Invites id={id} />
      {isInviting ? <InviteDialog id={id} title={title} onClose={() => setIsInviting(false)} /> : null}
    </div>
  );
}

function Members({ id }: { readonly id: string }): ReactNode {
  const { data: peers, error, refetch } = usePeers(id);
  if (peers === undefined) {
    return error === null ? (
      <Loading what="the members" />
    ) : (
      <Problem error={error} onRetry={() => void refetch()} />
    );
  }
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Members">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Member</th>
            <th scope="col">Role</th>
            <th scope="col">Connection</th>
            <th scope="col">Seen</th>
            <th scope="col">Addresses</th>
          </tr>
        </thead>
        <tbody>
          {peers.map((peer) => (
            <tr key={toHex(peer.peer)}>
              <th scope="row">
                <Identity publicKey={peer.peer} name={peer.name} isSelf={peer.self} />
                {peer.forkCount === 0 ? null : <span className="badge badge-bad">forked</span>}
              </th>
              <td>{peer.role}</td>
              <td>
                <span className={peer.live ? "lamp lamp-on" : "lamp lamp-off"} aria-hidden="true" />{" "}
                {peer.live ? "live" : "away"}
              </td>
              <td>{peer.self ? "" : <Ago ms={Number(peer.seenMs)} />}</td>
              <td className="addresses">
                {peer.addresses.map((address) => (
                  <code key={address}>{address}</code>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Invites({ id }: { readonly id: string }): ReactNode {
  const { data: invites, error, refetch } = useInvites(id);
  const names = useMemberNames(id);
  const nameOf = (key: Uint8Array): string | undefined => names.get(toHex(key));
  if (invites === undefined) {
    return error === null ? (
      <Loading what="the invites" />
    ) : (
      <Problem error={error} onRetry={() => void refetch()} />
    );
  }
  if (invites.length === 0) return <Empty>Nobody has been invited yet.</Empty>;
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Invites">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Invite</th>
            <th scope="col">State</th>
            <th scope="col">Role</th>
            <th scope="col">Expires</th>
            <th scope="col">By</th>
            <th scope="col">Used by</th>
            <th scope="col">
              <span className="hidden-text">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {invites.map((invite) => (
            <InviteRow key={toHex(invite.invite)} id={id} invite={invite} nameOf={nameOf} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface InviteRowProps {
  readonly id: string;
  readonly invite: daemon.InviteInfo;
  readonly nameOf: (key: Uint8Array) => string | undefined;
}

function InviteRow({ id, invite, nameOf }: InviteRowProps): ReactNode {
  const uninvite = useMutation({
    mutationFn: () => lattice.store.uninvite({ store: id, invite: toHex(invite.invite) }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.invites(id) }),
  });
  return (
    <tr>
      <th scope="row">
        <code>{toHex(invite.invite).slice(0, 8)}</code>
      </th>
      <td>
        <span className={`badge badge-${invite.state === "open" ? "good" : "plain"}`}>{invite.state}</span>
      </td>
      <td>{invite.role}</td>
      <td>
        <Ago ms={Number(invite.expiresMs)} />
      </td>
      <td>
        <Identity publicKey={invite.inviter} name={nameOf(invite.inviter)} />
      </td>
      <td>
        {invite.usedBy.length === 0 ? null : (
          <Identity publicKey={invite.usedBy} name={nameOf(invite.usedBy)} />
        )}
      </td>
      <td className="row-actions">
        {invite.state === "open" ? (
          <ConfirmButton
            question="Take it back?"
            verb="Take back"
            disabled={uninvite.isPending}
            onConfirm={() => uninvite.mutate()}
          >
            Take back
          </ConfirmButton>
        ) : null}
        <Problem error={uninvite.error} />
      </td>
    </tr>
  );
}
