/**
 * Two real nodes, each a process of its own with a directory of its own: written to while they cannot see each other,
 * joined, in conflict, killed in the middle of writing, and in the end with one state. `pnpm demo`.
 */
import { DemoNode, scratchDirectory } from "./demo-node.ts";

const directory = scratchDirectory();
const alice = new DemoNode("alice", directory);
const bob = new DemoNode("bob", directory);
let failed = true;
try {
  say("Two nodes. Alice creates a store and invites Bob, who joins.");
  await alice.start();
  await bob.start();
  await alice.answer("store", "create", "notes", "--root");
  const token = await alice.answer("peer", "invite");
  await bob.answer("join", token);

  say("Each writes while the other is away; both write the key `color`.");
  await bob.stop();
  await alice.answer("put", "color", "red");
  await alice.answer("put", "from-alice", "hello bob");
  await alice.stop();
  await bob.start();
  await bob.answer("put", "color", "blue");
  await bob.answer("put", "from-bob", "hello alice");

  say("They meet again, and converge.");
  await alice.start();
  await sameDigest();
  same(await alice.answer("get", "from-bob"), "hello alice");
  same(await bob.answer("get", "from-alice"), "hello bob");

  say("`color` is in conflict: both show the same winner, and lose nothing.");
  await alice.show("inspect", "color");
  same(await alice.answer("get", "color"), await bob.answer("get", "color"));
  await alice.answer("put", "color", "purple");
  await sameDigest();
  say("Alice has resolved it:");
  await bob.show("inspect", "color");

  say("Bob is killed (SIGKILL) in the middle of writing.");
  const acknowledged = await bob.writeUntilKilled();
  await bob.start();
  same(
    (await bob.run(["-"], acknowledged.map((key) => `get ${key}\n`).join(""))).out,
    `${acknowledged.join("\n")}\n`,
  );
  say(`He is back, with all ${acknowledged.length} writes that had been acknowledged.`);

  const digests = await sameDigest();
  say(`alice  ${digests[0]}\nbob    ${digests[1]}`);
  say("Equal.");
  failed = false;
} finally {
  await alice.kill();
  await bob.kill();
  directory.remove();
}
process.exitCode = failed ? 1 : 0;

/** Syncs both ways and compares the digests of the states. */
async function sameDigest(): Promise<[string, string]> {
  await alice.answer("store", "sync");
  await bob.answer("store", "sync");
  const digests = [await alice.digest(), await bob.digest()] as [string, string];
  same(digests[0], digests[1]);
  return digests;
}

function same(actual: string, expected: string): void {
  if (actual !== expected)
    throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

function say(text: string): void {
  console.log(`\n${text}`);
}
