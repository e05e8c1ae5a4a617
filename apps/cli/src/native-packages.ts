/** What brings native code along and so cannot go into the bundle. */
export interface NativePackage {
  readonly name: string;
  /** The packages through which this one is found in the workspace. */
  readonly through: readonly string[];
  /** Whether it is changed here (`patches/`), so that the one of the registry will not do. */
  readonly isPatched: boolean;
}

export const NATIVE_PACKAGES: readonly NativePackage[] = [
  { name: "lmdb", through: ["@lattice/runtime", "@lattice/storage"], isPatched: false },
  { name: "@chainsafe/libp2p-quic", through: ["@lattice/runtime", "@lattice/net"], isPatched: true },
];
