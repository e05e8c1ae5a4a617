/**
 * Alarms that are on, each with the member that raised it.
 *
 * key  the kind of alarm, 1 byte; the member's id, 8 bytes
 */
import { etcdserverpb } from "@lattice/etcd-proto";
import { readU64be, u64be } from "@lattice/model";
import type { Table, TableReader } from "@lattice/storage";

export const ALARMS_TABLE = "alarms";

type AlarmMember = etcdserverpb.AlarmMember;
const { AlarmType, AlarmRequest_AlarmAction: Action } = etcdserverpb;

const ON = new Uint8Array();

export function readAlarms(rows: TableReader, kind = AlarmType.NONE): AlarmMember[] {
  const alarms = Array.from(rows.range(), ([key]) => ({
    alarm: key[0]! as etcdserverpb.AlarmType,
    memberID: readU64be(key, 1),
  }));
  return kind === AlarmType.NONE ? alarms : alarms.filter(({ alarm }) => alarm === kind);
}

/** The alarms that the answer names: for a wish to see them, all of that kind; else the one that was turned, if it was. */
export function applyAlarm(
  rows: Table,
  { action, memberID, alarm }: etcdserverpb.AlarmRequest,
): AlarmMember[] {
  if (action === Action.GET) return readAlarms(rows, alarm);
  const key = alarmKey(alarm, memberID);
  const wasOn = rows.has(key);
  if (action === Action.ACTIVATE) {
    rows.put(key, ON);
    return [{ alarm, memberID }];
  }
  if (action !== Action.DEACTIVATE || !wasOn) return [];
  rows.delete(key);
  return [{ alarm, memberID }];
}

/** Of members that are no more. */
export function keepAlarms(rows: Table, isMember: (id: bigint) => boolean): void {
  const gone = Array.from(rows.range(), ([key]) => key).filter((key) => !isMember(readU64be(key, 1)));
  for (const key of gone) rows.delete(key);
}

function alarmKey(alarm: number, member: bigint): Uint8Array {
  const key = new Uint8Array(9);
  key[0] = alarm;
  key.set(u64be(member), 1);
  return key;
}
