/** All that a cluster holds, as a file; and a new cluster from it. */
import { createHash } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { LatticeError } from "@lattice/model";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { syncDirectory, writeError } from "../written-files.ts";
import { withCluster, type ClusterCall } from "./client.ts";
import { membersOf } from "./start.ts";

/** A SHA-256 of all before it is the end of a snapshot, behind whole sectors. */
const SECTOR_BYTES = 512;
const CHECKSUM_BYTES = 32;

export function save(context: Context, args: CommandArguments): Promise<void> {
  const path = args.text("file");
  return withCluster(context, args, async (call) => {
    const part = `${path}.part`;
    try {
      const bytes = await receive(call, part, (size) =>
        context.progress(`cluster snapshot save: ${size} bytes`),
      );
      await rename(part, path);
      syncDirectory(dirname(path));
      if (context.output.json) context.output.document({ file: path, size: bytes });
      else context.output.line(`${path}  ${bytes} bytes`);
    } catch (error) {
      await rm(part, { force: true });
      throw writeError(path, error);
    }
  });
}

async function receive(
  { client, options }: ClusterCall,
  path: string,
  tell: (size: number) => void,
): Promise<number> {
  const file = await open(path, "w", 0o600);
  try {
    const end = new TrailingChecksum();
    for await (const { blob } of client.maintenance.snapshot({}, options)) {
      await writeAll(file, blob);
      end.add(blob);
      tell(end.bytes);
    }
    end.check();
    await file.sync();
    return end.bytes;
  } finally {
    await file.close();
  }
}

/** Hashes all but the last bytes, which are to be the hash. */
class TrailingChecksum {
  bytes = 0;
  readonly #hash = createHash("sha256");
  #rest: Buffer = Buffer.alloc(0);

  add(blob: Uint8Array): void {
    this.bytes += blob.length;
    const all = Buffer.concat([this.#rest, blob]);
    const end = Math.max(0, all.length - CHECKSUM_BYTES);
    this.#hash.update(all.subarray(0, end));
    this.#rest = all.subarray(end);
  }

  check(): void {
    if (this.bytes % SECTOR_BYTES !== CHECKSUM_BYTES || !this.#hash.digest().equals(this.#rest)) {
      throw new LatticeError("corrupt", "the snapshot came damaged or not to its end; save it again");
    }
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

export async function restore(context: Context, args: CommandArguments): Promise<void> {
  const [name, dataDirectory, initial] = [args.value("name"), args.value("data"), args.value("initial")];
  if (name === undefined || dataDirectory === undefined || initial === undefined) {
    throw new UsageError(
      "--name, --data and --initial are needed: who the member is, where, and of which cluster",
    );
  }
  const { restoreSnapshot } = await import("@lattice/cluster");
  const initialCluster = { members: membersOf(initial), token: args.value("token") };
  const { clusterId, memberId, revision } = await restoreSnapshot({
    file: args.text("file"),
    name,
    dataDirectory,
    initial: initialCluster,
  });
  const [cluster, member] = [clusterId.toString(16), memberId.toString(16)];
  if (context.output.json) context.output.document({ cluster, member, name, data: dataDirectory, revision });
  else
    context.output.line(
      `member ${name} (${member}) of new cluster ${cluster}, at revision ${revision}, in ${dataDirectory}`,
    );
}
