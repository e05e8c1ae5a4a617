import { readFileSync } from "node:fs";
import { toHex, type Random } from "@lattice/model";

/** Differs after each start of the machine. Where the system does not tell, it differs at each call. */
export function bootId(random: Random): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return `unknown-${toHex(random.bytes(8))}`;
  }
}
