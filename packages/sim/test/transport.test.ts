/** The simulated network keeps the promises of the transport port, in good weather and in bad. */
import { describeTransport, signerNamed } from "@lattice/testkit";
import { GOOD_CONDITIONS, type Conditions } from "../src/network/conditions.ts";
import { SimNetwork } from "../src/network/sim-network.ts";
import { Prng } from "../src/prng.ts";
import { EventQueue } from "../src/scheduler.ts";
import { Trace } from "../src/trace.ts";

const STORMY: Conditions = { latencyMs: 20, jitterMs: 80, loss: 0.1, duplication: 0.1, bytesPerMs: 5_000 };

/** Time goes on by itself as long as something is to happen. */
class RunningQueue extends EventQueue {
  #isRunning = false;

  override after(ms: number, label: string, run: () => void): () => void {
    const cancel = super.after(ms, label, run);
    if (!this.#isRunning) void this.#run();
    return cancel;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    await new Promise((resolve) => setImmediate(resolve));
    while ((await this.step()) !== undefined);
    this.#isRunning = false;
  }
}

for (const [weather, conditions] of Object.entries({ good: GOOD_CONDITIONS, bad: STORMY })) {
  const network = new SimNetwork({
    scheduler: new RunningQueue(),
    random: new Prng(7n),
    trace: new Trace({ keepsTimeline: false }),
  });
  network.setBase(conditions);
  let made = 0;
  describeTransport(`the simulated network in ${weather} weather`, {
    open: () => {
      made += 1;
      return Promise.resolve(
        network.attach(`${weather} ${made}`, signerNamed(`${weather} ${made}`).publicKey),
      );
    },
    deadAddress: "/sim/nobody",
  });
}
