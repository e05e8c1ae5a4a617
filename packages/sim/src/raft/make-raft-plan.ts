/** What a seed stands for: a cluster, its network and disks, what its clients do and what goes wrong. */
import { Prng } from "../prng.ts";
import {
  LEADER,
  LEADING,
  type Change,
  type Draft,
  type RaftAction,
  type RaftPlan,
  type RaftSettings,
  type Weather,
} from "./action.ts";
import { anyScene } from "./scenes.ts";

const VOTER_COUNTS = [1, 2, 3, 3, 3, 3, 3, 4, 5, 5, 5, 5, 6, 7];
const SPARE_COUNT = 2;

export function makeRaftPlan(seed: string): RaftPlan {
  const random = new Prng(BigInt(`0x${seed}`)).fork("raft plan");
  const voterCount = random.pick(VOTER_COUNTS);
  const memberCount = voterCount + SPARE_COUNT;
  const settings = settingsOf(random);
  // About the same number of events whatever the size: the larger a cluster, the more happens in a second.
  const untilMs = random.between(6_000, 14_000) * (voterCount <= 3 ? 2 : 1);
  const actions: RaftAction[] = [];
  const drafts = new Drafts(random, { voterCount, memberCount, settings });
  const faultEveryMs = random.spread(150, 1500);
  const changeEveryMs = random.chance(0.5) ? random.spread(600, 4000) : Infinity;
  const clientEveryMs = random.spread(20, 200);
  const weather = weatherOf(random);
  const stage = {
    random,
    settings,
    memberCount,
    latencyMs: weather.latencyMs,
    change: () => drafts.change(),
  };
  every(faultEveryMs, (atMs) => add(atMs, drafts.fault()));
  every(changeEveryMs, (atMs) => add(atMs, drafts.change()));
  every(clientEveryMs, (atMs) => add(atMs, drafts.client()));
  every(random.spread(800, 6000), (atMs) => add(atMs, { kind: "transfer", to: random.below(memberCount) }));
  every(random.spread(800, 8000), (atMs) => {
    for (const { afterMs, draft } of anyScene(stage)) add(atMs + afterMs, draft);
  });
  function every(ms: number, happens: (atMs: number) => void): void {
    const firstMs = random.between(0, Math.min(ms, untilMs));
    for (let atMs = firstMs; atMs < untilMs; atMs += random.spread(ms / 3, ms * 2)) happens(atMs);
  }
  function add(atMs: number, draft: Draft): void {
    actions.push({ ...draft, atMs: Math.round(atMs * 10) / 10 });
  }
  actions.sort((a, b) => a.atMs - b.atMs);
  return { seed, memberCount, voterCount, untilMs, settings, weather, actions };
}

function settingsOf(random: Prng): RaftSettings {
  const electionTimeoutMs = random.pick([150, 300, 300, 500]);
  const heartbeatMs = electionTimeoutMs / random.pick([3, 5, 10]);
  return {
    electionTimeoutMs,
    heartbeatMs,
    // Also by a clock that runs twice as fast, several in half an election timeout.
    tickMs: electionTimeoutMs / random.pick([8, 20]),
    leaseDrift: random.chance(0.25) ? 0.2 : 0,
    snapshotEvery: random.between(5, 50),
    tailCount: random.pick([0, 0, 3, 10]),
    snapshotBytes: random.pick([0, 16, 200, 1000]),
    chunkBytes: random.pick([64, 300, 4096]),
    messageBytesMax: random.pick([64, 1024, 1 << 20]),
    messageEntriesMax: random.pick([1, 3, 100]),
    inflightMessagesMax: random.pick([1, 2, 8, 256]),
    uncommittedBytesMax: random.pick([500, 1 << 20]),
    diskMs: random.pick([0, 0.3, 2, 20]),
    isLogReal: random.chance(0.3),
    isStateDurable: random.chance(0.5),
  };
}

function weatherOf(random: Prng): Weather {
  return {
    latencyMs: random.spread(0.1, 20),
    jitterMs: random.chance(0.5) ? random.spread(0.1, 50) : 0,
    loss: random.chance(0.5) ? random.spread(0.001, 0.2) : 0,
    duplication: random.chance(0.4) ? random.spread(0.001, 0.2) : 0,
  };
}

interface Size {
  readonly voterCount: number;
  readonly memberCount: number;
  readonly settings: RaftSettings;
}

class Drafts {
  readonly #random: Prng;
  readonly #size: Size;

  constructor(random: Prng, size: Size) {
    this.#random = random;
    this.#size = size;
  }

  client(): Draft {
    const random = this.#random;
    const member = random.chance(0.3) ? LEADING : this.#anyMember();
    if (random.chance(0.3)) return { kind: "read", member };
    return {
      kind: "write",
      member,
      count: random.pick([1, 1, 1, 3, 10]),
      bytes: random.pick([4, 4, 60, 300]),
    };
  }

  fault(): Draft {
    const random = this.#random;
    const member = random.chance(0.3) ? LEADER : this.#anyMember();
    const { electionTimeoutMs, leaseDrift } = this.#size.settings;
    const forMs = random.spread(electionTimeoutMs / 10, electionTimeoutMs * 6);
    switch (random.below(14)) {
      case 0:
      case 1:
      case 2:
        return { kind: "crash", member, forMs, connectionsBreak: random.chance(0.5) };
      case 3:
        return { kind: "pause", member, forMs };
      case 4: {
        // With leases, clocks run as evenly as the setting promises.
        const rate =
          leaseDrift > 0
            ? random.spread(1 / (1 + leaseDrift / 3), 1 + leaseDrift / 3)
            : random.spread(0.5, 2);
        return { kind: "clock-rate", member, rate };
      }
      case 5:
        return { kind: "disk", member, fault: "slow", forMs };
      case 6:
        return { kind: "disk", member, fault: random.pick(["full", "failing"]), forMs };
      case 7:
        return random.chance(0.3) ? { kind: "rot", member, forMs } : { kind: "campaign", member };
      case 8:
        return { kind: "weather", weather: weatherOf(random), forMs };
      case 9:
        return { kind: "snapshot", member };
      default:
        return this.#partition(forMs);
    }
  }

  change(): Draft {
    const random = this.#random;
    const count = random.pick([1, 1, 1, 2, 3]);
    const kinds: readonly Change["kind"][] = ["add-voter", "add-learner", "remove"];
    const changes = Array.from({ length: count }, () => ({
      kind: random.pick(kinds),
      member: this.#anyMember(),
    }));
    return { kind: "change", changes };
  }

  #partition(forMs: number): Draft {
    const random = this.#random;
    const { memberCount } = this.#size;
    const isAlone = random.chance(0.4);
    const alone = this.#anyMember();
    const sides = Array.from({ length: memberCount }, (_, member) =>
      isAlone ? Number(member === alone) : random.below(2),
    );
    return {
      kind: "partition",
      sides,
      isOneWay: random.chance(0.3),
      bridge: random.chance(0.2) ? this.#anyMember() : undefined,
      flaps: random.chance(0.2) ? random.between(2, 6) : 1,
      forMs,
    };
  }

  /** Mostly one of those that begin. */
  #anyMember(): number {
    const { voterCount, memberCount } = this.#size;
    return this.#random.below(this.#random.chance(0.8) ? voterCount : memberCount);
  }
}
