/**
 * Several things in the order in which they hurt: what happens to a leader while it does something that others rely on.
 * Chance alone finds these too, a hundred times as late.
 */
import type { Prng } from "../prng.ts";
import { LEADER, LEADING, type Draft, type RaftSettings } from "./action.ts";

/** What happens, and how long after the scene begins. */
export interface Cue {
  readonly afterMs: number;
  readonly draft: Draft;
}

export interface Stage {
  readonly random: Prng;
  readonly settings: RaftSettings;
  readonly memberCount: number;
  readonly latencyMs: number;
  readonly change: () => Draft;
}

const SCENES = [
  ...[deposed, deposed, asleep, asleep, cutInChange, cutInChange],
  ...[cutInTransfer, estranged, estranged, estranged, withNewcomers],
];

export function anyScene(stage: Stage): Cue[] {
  return stage.random.pick(SCENES)(stage);
}

/** Others elect somebody else while the leader, cut off, goes on serving whom it can. */
function deposed(stage: Stage): Cue[] {
  const { random, settings } = stage;
  const forMs = settings.electionTimeoutMs * random.spread(0.8, 4);
  return [{ afterMs: 0, draft: isolation(stage, forMs) }, ...clientsDuring(stage, forMs)];
}

/** The leader's process stands still, with questions and answers waiting for it, and goes on as if nothing had happened. */
function asleep(stage: Stage): Cue[] {
  const { random, settings, latencyMs } = stage;
  const forMs = settings.electionTimeoutMs * random.spread(0.8, 2.5);
  return [
    { afterMs: 0, draft: { kind: "pause", member: LEADER, forMs } },
    // It waits in front of the answers that were under way.
    { afterMs: random.unit() * latencyMs, draft: { kind: "read", member: LEADING } },
    ...clientsDuring(stage, forMs * 1.2),
    { afterMs: forMs, draft: { kind: "read", member: LEADING } },
  ];
}

/** A change of the membership has reached some, and who asked for it is gone. */
function cutInChange(stage: Stage): Cue[] {
  const { random, settings } = stage;
  const forMs = settings.electionTimeoutMs * random.spread(0.8, 4);
  const isCrash = random.chance(0.3);
  const end: Draft = isCrash
    ? { kind: "crash", member: LEADER, forMs, connectionsBreak: random.chance(0.5) }
    : isolation(stage, forMs);
  // A change takes several ways there and back; the cut may also come first, so that nobody learns of it.
  const cutAfterMs = random.pick([0, 0.5, 1, 2, 4]) * stage.latencyMs;
  return [
    { afterMs: random.chance(0.3) ? cutAfterMs + 1 : 0, draft: stage.change() },
    { afterMs: cutAfterMs, draft: end },
    ...clientsDuring(stage, forMs),
  ];
}

/** The leader takes in two newcomers and is alone with them before the others hear of it, who elect somebody else and go on. */
function withNewcomers(stage: Stage): Cue[] {
  const { random, settings, latencyMs, memberCount } = stage;
  const newcomers = [memberCount - 2, memberCount - 1];
  // The one whose companions they are; see `isolate`.
  const leader = memberCount - 3;
  const leavers = Array.from({ length: leader }, (_, member) => member).filter(() => random.chance(0.5));
  const change: Draft = {
    kind: "change",
    changes: [
      ...newcomers.map((member) => ({ kind: "add-voter", member }) as const),
      ...leavers.map((member) => ({ kind: "remove", member }) as const),
    ],
  };
  const ledMs = latencyMs * random.spread(3, 10);
  const cutMs = ledMs + latencyMs * random.pick([0, 0, 0.5, 1]);
  const forMs = settings.electionTimeoutMs * random.spread(1.5, 5);
  return [
    { afterMs: 0, draft: { kind: "transfer", to: leader } },
    { afterMs: ledMs, draft: change },
    { afterMs: cutMs, draft: { kind: "isolate", member: LEADER, companions: 2, way: "both", forMs } },
    ...clientsDuring(stage, forMs).map(({ afterMs, draft }) => ({ afterMs: cutMs + afterMs, draft })),
  ];
}

/** The leader has asked somebody to take over, and does not hear that it was done. */
function cutInTransfer(stage: Stage): Cue[] {
  const { random, settings, latencyMs, memberCount } = stage;
  const forMs = settings.electionTimeoutMs * random.spread(0.8, 2);
  return [
    { afterMs: 0, draft: { kind: "transfer", to: random.below(memberCount) } },
    { afterMs: latencyMs * random.pick([0.3, 1.2, 2]), draft: isolation(stage, forMs) },
    ...clientsDuring(stage, forMs),
  ];
}

/** Somebody misses the leader whom all others hear, and asks them for their votes; one of them has just started again. */
function estranged(stage: Stage): Cue[] {
  const { random, settings, memberCount } = stage;
  const { electionTimeoutMs } = settings;
  const forMs = electionTimeoutMs * random.spread(1.5, 4);
  const cues: Cue[] = [
    { afterMs: 0, draft: { kind: "estrange", member: LEADER, other: random.below(memberCount), forMs } },
  ];
  for (let count = random.between(0, 3); count > 0; count--) {
    const crash = {
      member: random.below(memberCount),
      forMs: electionTimeoutMs / 50,
      connectionsBreak: false,
    };
    const afterMs = electionTimeoutMs * random.spread(0.8, 2.2);
    cues.push({ afterMs, draft: { kind: "crash", ...crash } });
  }
  return [
    ...cues,
    ...clientsDuring(stage, forMs),
    ...clientsDuring(stage, forMs),
    ...clientsDuring(stage, forMs),
  ];
}

function isolation({ random }: Stage, forMs: number): Draft {
  const way = random.pick(["both", "both", "both", "in", "out"] as const);
  return { kind: "isolate", member: LEADER, companions: random.pick([0, 0, 1]), way, forMs };
}

/** At all who take themselves for the leader. */
function clientsDuring({ random }: Stage, forMs: number): Cue[] {
  return Array.from({ length: random.between(4, 12) }, () => {
    const draft: Draft = random.chance(0.5)
      ? { kind: "read", member: LEADING }
      : { kind: "write", member: LEADING, count: random.pick([1, 1, 4]), bytes: random.pick([4, 60]) };
    return { afterMs: random.unit() * forMs * 1.2, draft };
  });
}
