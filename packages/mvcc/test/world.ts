/** A key space over memory, and short ways to ask it. */
import { EtcdError, etcdserverpb } from "@lattice/etcd-proto";
import { utf8 } from "@lattice/model";
import { MemoryStorage } from "@lattice/storage";
import { KeySpace, MVCC_TABLES, type KeySpaceWriter } from "@lattice/mvcc";
import { expect } from "vitest";

const { DeleteRangeRequest, PutRequest, RangeRequest } = etcdserverpb;

export class World {
  readonly storage = new MemoryStorage({ tables: MVCC_TABLES });
  readonly keySpace = new KeySpace((name) => this.storage.table(name));

  write<T>(body: (writer: KeySpaceWriter) => T): T {
    return this.storage.transaction((table) => this.keySpace.write(table, body));
  }

  put(key: string, value: string | Uint8Array = "", more: Partial<etcdserverpb.PutRequest> = {}): unknown {
    const bytes = typeof value === "string" ? utf8(value) : value;
    return this.write((writer) => writer.put(PutRequest.create({ key: utf8(key), value: bytes, ...more })));
  }

  delete(key: string, rangeEnd = ""): unknown {
    const request = DeleteRangeRequest.create({ key: utf8(key), rangeEnd: utf8(rangeEnd) });
    return this.write((writer) => writer.deleteRange(request));
  }

  compact(revision: number): unknown {
    return this.write((writer) => writer.compact({ revision: BigInt(revision) }));
  }

  /** To the end; gives how many times it took. */
  sweep(changesMax: number): number {
    for (let count = 1; ; count++) if (!this.write((writer) => writer.sweep(changesMax))) return count;
  }

  get(key: string, more: Partial<etcdserverpb.RangeRequest> = {}): string[] {
    const answer = this.keySpace.range(RangeRequest.create({ key: utf8(key), ...more }));
    expect(answer).not.toBeInstanceOf(EtcdError);
    const { kvs } = answer as etcdserverpb.RangeResponse;
    return kvs.map(({ key: found, value }) => `${text(found)}=${text(value)}`);
  }

  rows(table: string): number {
    return this.storage.table(table).count();
  }
}

export function refused(name: Parameters<typeof EtcdError.of>[0]): EtcdError {
  return EtcdError.of(name);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
