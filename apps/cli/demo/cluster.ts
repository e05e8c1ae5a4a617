/**
 * Three real processes that hold one linearizable store: they elect a leader, take writes, lose the leader in the middle of writing to
 * a kill, elect another and take more, and in the end, with the first one back, all three hold the same. `pnpm example:cluster`.
 */
import { scratchDirectory } from "./demo-node.ts";
import { ClusterNode, ClusterShell, freeSeats } from "./cluster-node.ts";

interface MemberStatus {
  readonly name: string;
  readonly role?: string;
  readonly applied?: number;
  readonly hash?: string;
}

const WRITES = 20;
const PATIENCE_MS = 60_000;

const directory = scratchDirectory();
const seats = await freeSeats("n1", "n2", "n3");
const shell = new ClusterShell(directory.path, seats);
const tell = (line: string): void => console.log(`  ${line}`);
const nodes = seats.map((seat) => new ClusterNode(seat, { seats, directory: directory.path, tell }));
let failed = true;
try {
  say("Three members start, and elect a leader.");
  await Promise.all(nodes.map((node) => node.start()));
  await shell.answer("get", "anything", "--count-only", "--timeout", "30s");
  await shell.show("status");

  say("They take writes, and a transaction.");
  await shell.show("put", "color", "red");
  await shell.show("txn", "--if", "value(color) = red", "--then", "put color blue", "--else", "get color");
  await shell.show("get", "color");

  const leader = await leading();
  say(`${WRITES} writes, and ${leader.seat.name}, which leads, is killed (SIGKILL) in the middle of them.`);
  const acknowledged = await writeAndKill(leader);
  say(
    `All ${acknowledged.length} were acknowledged: the two that are left have elected a leader and gone on.`,
  );
  await shell.show("status");

  say(`${leader.seat.name} comes back, and catches up.`);
  await leader.start();
  await untilSame();
  await shell.show("status", "--hash");

  const lost = [];
  for (const key of acknowledged) if ((await shell.answer("get", key)) !== key) lost.push(key);
  if (lost.length > 0) throw new Error(`lost: ${lost.join(", ")}`);
  say(`Every write that was acknowledged is there.`);

  say("Several clients at once, and whether what they saw is what one copy would have shown them:");
  await shell.show("check", "--for", "3s");

  say("A leader that is stopped hands over before it goes.");
  const stopped = await leading();
  await stopped.end("SIGTERM");
  await shell.show("put", "color", "green");
  await stopped.start();
  const last = await untilSame();
  say(last.map(({ name, hash }) => `${name}  ${hash}`).join("\n"));
  say("Equal.");
  failed = false;
} finally {
  await Promise.all(nodes.map((node) => node.end("SIGKILL")));
  directory.remove();
}
process.exitCode = failed ? 1 : 0;

/** One after the other, so that it is known which were acknowledged. */
async function writeAndKill(leader: ClusterNode): Promise<string[]> {
  const keys = Array.from({ length: WRITES }, (_, at) => `entry-${String(at).padStart(2, "0")}`);
  const acknowledged: string[] = [];
  for (const [at, key] of keys.entries()) {
    const written = shell.answer("put", key, key, "--timeout", "30s");
    if (at === WRITES / 2) await leader.end("SIGKILL");
    await written;
    acknowledged.push(key);
  }
  return acknowledged;
}

async function leading(): Promise<ClusterNode> {
  const found = (await members()).find(({ role }) => role === "leader");
  return nodes.find(({ seat }) => seat.name === found?.name)!;
}

async function members(...flags: readonly string[]): Promise<MemberStatus[]> {
  return JSON.parse(await shell.answer("status", "--json", ...flags)) as MemberStatus[];
}

/** All three answer, with the same hash. */
async function untilSame(): Promise<MemberStatus[]> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await members("--hash");
    const hashes = new Set(found.map(({ hash, applied }) => `${hash} ${applied}`));
    if (hashes.size === 1 && found.every(({ hash }) => hash !== undefined)) return found;
    if (performance.now() > giveUpAt) throw new Error(`the members differ: ${JSON.stringify(found)}`);
  }
}

function say(text: string): void {
  console.log(`\n${text}`);
}
