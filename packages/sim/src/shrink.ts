/**
 * Makes a plan that breaks a rule as short as it can be made and still breaks the same rule (delta debugging: Zeller,
 * Hildebrandt, Simplifying and isolating failure-inducing input, 2002).
 */

/** Of a mesh or of a cluster. */
export interface ShrinkablePlan {
  readonly actions: readonly { readonly atMs: number }[];
  readonly untilMs: number;
}

export interface ShrinkOptions<P> {
  /** Whether a plan breaks the rule. */
  readonly fails: (plan: P) => Promise<boolean>;
  /** How many plans are tried at the most. */
  readonly triesMax: number;
}

export async function shrink<P extends ShrinkablePlan>(
  plan: P,
  { fails, triesMax }: ShrinkOptions<P>,
): Promise<P> {
  if (triesMax === 0) return plan;
  let tries = 0;
  const stillFails = async (candidate: P) => {
    tries += 1;
    return fails(candidate);
  };
  let best = await shortenEnd(plan, stillFails);
  for (let parts = 2; parts <= best.actions.length && tries < triesMax;) {
    const without = await leaveOutPart(best, { parts, stillFails, isOver: () => tries >= triesMax });
    if (without !== undefined) {
      best = without;
      parts = Math.max(2, parts - 1);
    } else if (parts === best.actions.length) break;
    else parts = Math.min(best.actions.length, parts * 2);
  }
  return best;
}

/** What was to happen after the rule was broken does not matter. */
async function shortenEnd<P extends ShrinkablePlan>(
  plan: P,
  stillFails: (plan: P) => Promise<boolean>,
): Promise<P> {
  let best = plan;
  for (let count = Math.floor(plan.actions.length / 2); count > 0; count = Math.floor(count / 2)) {
    const actions = plan.actions.slice(0, best.actions.length - count);
    const last = actions.at(-1)?.atMs ?? 0;
    const shorter = { ...plan, actions, untilMs: Math.min(best.untilMs, last + 10_000) };
    if (await stillFails(shorter)) best = shorter;
  }
  return best;
}

async function leaveOutPart<P extends ShrinkablePlan>(
  plan: P,
  options: { parts: number; stillFails: (plan: P) => Promise<boolean>; isOver: () => boolean },
): Promise<P | undefined> {
  const { parts, stillFails, isOver } = options;
  const size = Math.ceil(plan.actions.length / parts);
  // From the end: what came late is the most likely not to matter.
  for (let at = (parts - 1) * size; at >= 0 && !isOver(); at -= size) {
    const actions = [...plan.actions.slice(0, at), ...plan.actions.slice(at + size)];
    if (actions.length === plan.actions.length) continue;
    const candidate = { ...plan, actions };
    if (await stillFails(candidate)) return candidate;
  }
  return undefined;
}
