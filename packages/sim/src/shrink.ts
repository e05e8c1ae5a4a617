/**
 * Makes a plan that breaks a rule as short as it can be made and still breaks the same rule (delta debugging: Zeller,
 * Hildebrandt, Simplifying and isolating failure-inducing input, 2002).
 */
import type { Action, Plan } from "./plan/action.ts";

export interface ShrinkOptions {
  /** Whether a plan breaks the rule. */
  readonly fails: (plan: Plan) => Promise<boolean>;
  /** How many plans are tried at the most. */
  readonly triesMax: number;
}

export async function shrink(plan: Plan, { fails, triesMax }: ShrinkOptions): Promise<Plan> {
  let tries = 0;
  const stillFails = async (candidate: Plan) => {
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
async function shortenEnd(plan: Plan, stillFails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let best = plan;
  for (let count = Math.floor(plan.actions.length / 2); count > 0; count = Math.floor(count / 2)) {
    const actions = plan.actions.slice(0, best.actions.length - count);
    const last = actions.at(-1)?.atMs ?? 0;
    const shorter = { ...plan, actions, untilMs: Math.min(best.untilMs, last + 10_000) };
    if (await stillFails(shorter)) best = shorter;
  }
  return best;
}

async function leaveOutPart(
  plan: Plan,
  options: { parts: number; stillFails: (plan: Plan) => Promise<boolean>; isOver: () => boolean },
): Promise<Plan | undefined> {
  const { parts, stillFails, isOver } = options;
  const size = Math.ceil(plan.actions.length / parts);
  // From the end: what came late is the most likely not to matter.
  for (let at = (parts - 1) * size; at >= 0 && !isOver(); at -= size) {
    const actions: readonly Action[] = [...plan.actions.slice(0, at), ...plan.actions.slice(at + size)];
    if (actions.length === plan.actions.length) continue;
    const candidate = { ...plan, actions };
    if (await stillFails(candidate)) return candidate;
  }
  return undefined;
}
