/** The port of files for snapshots on their way: one that is being sent, one that is being received. */
export interface SnapshotFiles {
  /** Removes what an earlier process left. */
  clear(): Promise<void>;
  /** An empty file; one of that name is replaced. Rejects with `disk-full` where there is no room, as all of this does. */
  create(name: string): Promise<SnapshotFile>;
}

export interface SnapshotFile {
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** What was written survives a crash once this resolves. */
  sync(): Promise<void>;
  /** Fewer bytes only at the end of the file. */
  read(offset: number, bytesMax: number): Promise<Uint8Array>;
  /** It is gone. May be called twice. */
  remove(): Promise<void>;
}
