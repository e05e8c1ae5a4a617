import type { Script } from "../script.ts";
import { authProbes } from "./auth-probes.ts";
import { clusterProbes } from "./cluster-probes.ts";
import { keyProbes } from "./key-probes.ts";
import { leaseProbes } from "./lease-probes.ts";
import { lockProbes } from "./lock-probes.ts";
import { Prober } from "./prober.ts";
import { watchProbes } from "./watch-probes.ts";

/** Each on a new cluster, as the other scripts. */
export const probes: readonly Script[] = [
  probing("probe-keys", keyProbes),
  probing("probe-watch", watchProbes),
  probing("probe-leases", leaseProbes),
  probing("probe-cluster", clusterProbes),
  probing("probe-auth", authProbes),
  probing("probe-locks", lockProbes),
];

function probing(name: string, probe: (prober: Prober) => Promise<void>): Script {
  return {
    name,
    run: async (side) => {
      using prober = new Prober(side);
      await probe(prober);
    },
  };
}
