/** Every answer in which Lattice may differ from etcd, with the reason. */
import type { AllowedDifference } from "./compare.ts";

export const allowedDifferences: readonly AllowedDifference[] = [
  {
    script: "maintenance",
    asked: /^etcdctl snapshot status/,
    reason: "a backup is in a format of our own; `snapshot status` reads etcd's database file",
  },
];
