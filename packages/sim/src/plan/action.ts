/**
 * What happens in a simulation, as data: a plan can be printed, shortened and run again. Machines and stores are named
 * by number; an action that makes no sense when its time comes (the machine is off, the store is not there) is passed
 * over, so that any part of a plan is a plan.
 */
import type { Conditions } from "../network/conditions.ts";

/** What everybody does. */
export type Deed =
  | { readonly kind: "write"; readonly machine: number; readonly store: number; readonly seed: number }
  | {
      readonly kind: "create";
      readonly machine: number;
      /** The number by which other actions know it. */
      readonly store: number;
      readonly workload: number;
      readonly parent?: number;
    }
  | { readonly kind: "join"; readonly machine: number; readonly store: number; readonly role: number }
  | { readonly kind: "sync"; readonly machine: number; readonly store: number }
  | { readonly kind: "verify"; readonly machine: number; readonly store: number };

/** What befalls machines, disks and clocks. */
export type MachineFault =
  | { readonly kind: "stop"; readonly machine: number; readonly forMs: number }
  | { readonly kind: "kill"; readonly machine: number; readonly forMs: number }
  | { readonly kind: "power-cut"; readonly machine: number; readonly forMs: number }
  | { readonly kind: "disk-full"; readonly machine: number; readonly forMs: number }
  | { readonly kind: "disk-failing"; readonly machine: number; readonly forMs: number }
  | { readonly kind: "disk-slow"; readonly machine: number; readonly forMs: number; readonly flushMs: number }
  | { readonly kind: "restore"; readonly machine: number; readonly afterMs: number }
  | { readonly kind: "copy"; readonly machine: number; readonly forMs: number }
  | { readonly kind: "wipe"; readonly machine: number }
  | { readonly kind: "leave"; readonly machine: number }
  | {
      readonly kind: "rebuild";
      readonly machine: number;
      readonly store: number;
      readonly killAfterMs?: number;
    }
  /** While it is off, a record of its log goes bad; whoever runs it then has the store rebuilt. */
  | {
      readonly kind: "rot";
      readonly machine: number;
      readonly store: number;
      readonly seed: number;
      /** It is killed while the store is being rebuilt. */
      readonly killAfterMs?: number;
    }
  | { readonly kind: "clock-jump"; readonly machine: number; readonly byMs: number }
  | { readonly kind: "clock-drift"; readonly machine: number; readonly rate: number };

/** What befalls the network. */
export type NetworkFault =
  /** Machines of different sides do not hear each other; `oneWay`: the first side is heard and does not hear. */
  | {
      readonly kind: "partition";
      readonly sides: readonly number[];
      readonly bridge?: number;
      readonly oneWay: boolean;
      readonly forMs: number;
      /** Comes and goes that often. */
      readonly flaps: number;
    }
  | { readonly kind: "weather"; readonly conditions: Conditions; readonly forMs: number }
  | {
      readonly kind: "bad-way";
      readonly from: number;
      readonly to: number;
      readonly conditions: Conditions;
      readonly forMs: number;
    }
  | { readonly kind: "storm"; readonly times: number; readonly everyMs: number };

export type Attack = {
  readonly kind: "attack";
  readonly machine: number;
  readonly victim: number;
  readonly store: number;
  readonly name: string;
  readonly seed: number;
};

export type Action = { readonly atMs: number } & (Deed | MachineFault | NetworkFault | Attack);

export interface Plan {
  readonly seed: string;
  readonly machineCount: number;
  /** The last of the machines, whose holders are not honest. */
  readonly liarCount: number;
  /** When faults stop and everything has to come right. */
  readonly untilMs: number;
  readonly weather: Conditions;
  readonly actions: readonly Action[];
}
