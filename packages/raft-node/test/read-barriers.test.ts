import { logIndex, memberId, NOBODY, type MemberId, type Raft } from "@lattice/raft";
import { expect, it } from "vitest";
import { failure, reasonOf } from "../src/errors.ts";
import { ReadBarriers } from "../src/read-barriers.ts";

class Bench {
  nowMs = 0;
  leader: MemberId = memberId(1);
  asked = 0;
  readonly reads = new ReadBarriers({
    nowMs: () => this.nowMs,
    timeoutMs: 1000,
    patienceMs: 200,
    wake: () => undefined,
  });

  add(signal?: AbortSignal): Promise<unknown> {
    return this.reads.add(signal).then(
      () => "shown",
      (error: unknown) => reasonOf(error) ?? (error as { code: string }).code,
    );
  }

  flush(): void {
    const { leader } = this;
    const readIndex = () => ({ session: 1, number: this.asked++ });
    this.reads.flush({ leader, readIndex } as unknown as Raft);
  }

  answer(number: number, index: number | undefined, applied = 0): void {
    const read = { session: 1, number };
    this.reads.answered(
      [{ read, index: index === undefined ? undefined : logIndex(index) }],
      logIndex(applied),
    );
  }
}

it("all that come in one turn share a question, and wait for the machine", async () => {
  const bench = new Bench();
  const reads = [bench.add(), bench.add()];
  bench.flush();
  const later = bench.add();
  bench.flush();
  expect(bench.asked).toBe(2);
  bench.answer(0, 5, 4);
  bench.reads.applied(logIndex(4));
  let isShown = false;
  void reads[0]!.then(() => (isShown = true));
  await Promise.resolve();
  expect(isShown).toBe(false);
  bench.reads.applied(logIndex(5));
  expect(await Promise.all(reads)).toEqual(["shown", "shown"]);
  bench.answer(1, 5, 6);
  expect(await later).toBe("shown");
});

it("what nobody could say is asked again, with the next tick", async () => {
  const bench = new Bench();
  const read = bench.add();
  bench.flush();
  bench.answer(0, undefined);
  bench.flush();
  expect(bench.asked).toBe(1);
  bench.reads.tick();
  bench.flush();
  bench.answer(1, 3, 3);
  expect(await read).toBe("shown");
});

it("without a leader reads are refused, but for a moment after it was lost", async () => {
  const bench = new Bench();
  bench.flush();
  bench.leader = NOBODY;
  const early = bench.add();
  bench.flush();
  bench.nowMs = 99;
  bench.flush();
  bench.leader = memberId(2);
  bench.flush();
  expect(bench.asked).toBe(1);
  bench.answer(0, 1, 1);
  expect(await early).toBe("shown");
  bench.leader = NOBODY;
  bench.flush();
  bench.nowMs = 300;
  const late = bench.add();
  bench.flush();
  expect(await late).toBe("no-leader");
});

it("who does not wait any more is told so, and so is everybody when time is up or the member ends", async () => {
  const bench = new Bench();
  const controller = new AbortController();
  const given = bench.add(controller.signal);
  controller.abort();
  expect(await given).toBe("cancelled");
  expect(await bench.add(AbortSignal.abort())).toBe("cancelled");
  const slow = bench.add();
  bench.flush();
  bench.nowMs = 1000;
  bench.reads.tick();
  expect(await slow).toBe("timeout");
  const last = bench.add();
  bench.reads.close(failure("stopped"));
  expect(await last).toBe("stopped");
  expect(await bench.add()).toBe("stopped");
  bench.reads.reopen();
  const after = bench.add();
  bench.flush();
  bench.answer(bench.asked - 1, 1, 1);
  expect(await after).toBe("shown");
});
