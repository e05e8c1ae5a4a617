/**
 * A cluster of ours beside one of etcd, three members each on loopback, in one run and in turns:
 * `pnpm bench cluster [--quick] [--front native] [--of NAME,NAME] [--only load|failover|footprint]`.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { versionOf } from "@lattice/testkit/clusters";
import { contestantNames, startContestant, type Contestant } from "./cluster/contestant.ts";
import { measureFailover } from "./cluster/failover.ts";
import { measureFootprint, type Footprint } from "./cluster/footprint.ts";
import { measure, rows, type Measured, type Row } from "./cluster/workload.ts";
import { median, rate } from "./report.ts";
import { withScratch } from "./scratch.ts";

interface Extent {
  readonly rounds: number;
  /** Of the requests of a row. */
  readonly share: number;
  readonly failovers: number;
  readonly puts: number;
}

const FULL: Extent = { rounds: 5, share: 1, failovers: 10, puts: 300_000 };
const QUICK: Extent = { rounds: 3, share: 0.3, failovers: 3, puts: 60_000 };
/**
 * Rounds before anything counts: files have their size by then, and V8 has compiled the code for what is asked of it, which for one put in
 * flight takes some 10,000 of them.
 */
const WARM_UP_ROUNDS = 2;

export async function benchCluster(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      front: { type: "string" },
      of: { type: "string" },
      only: { type: "string" },
    },
  });
  const names =
    values.of?.split(",") ??
    (values.front === "native" ? ["lattice-native", "lattice"] : ["etcd", "lattice"]);
  if (!mayRun(names)) return;
  const extent = values.quick ? QUICK : FULL;
  console.log(`\ncluster: ${names[1]} beside ${names[0]}, ${extent.rounds} rounds in turns, medians`);
  await withScratch(async (directory) => {
    const contestants: Contestant[] = [];
    try {
      for (const [at, name] of names.entries()) {
        contestants.push(await startContestant(name, join(directory, `${at}-${name}`)));
      }
      const [first, second] = contestants as [Contestant, Contestant];
      const wants = (part: string): boolean => values.only === undefined || values.only === part;
      if (wants("load")) await reportLoad([first, second], extent);
      if (wants("failover")) await reportFailover([first, second], extent);
      if (wants("footprint")) await reportFootprint([first, second], extent);
    } finally {
      for (const { cluster } of contestants) await cluster.end();
    }
  });
}

type Pair = readonly [Contestant, Contestant];

function mayRun(names: readonly string[]): boolean {
  const unknown = names.find((name) => !contestantNames.includes(name));
  if (unknown !== undefined || names.length !== 2) {
    console.error(`--of takes two of ${contestantNames.join(", ")}`);
    process.exitCode = 2;
    return false;
  }
  const missing = [
    ...(versionOf("h2load", "--version") === undefined ? ["h2load (Debian: nghttp2-client)"] : []),
    ...(names.includes("etcd") && versionOf("etcd", "--version") === undefined
      ? ["etcd (Debian: etcd-server)"]
      : []),
  ];
  if (missing.length > 0) console.log(`cluster: left out, it needs ${missing.join(" and ")}`);
  return missing.length === 0;
}

async function reportLoad(pair: Pair, { rounds, share }: Extent): Promise<void> {
  const results = new Map<string, Measured[]>();
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const row of rows) {
      // Who was first in one round is second in the next.
      for (const contestant of round % 2 === 0 ? pair : pair.toReversed()) {
        const key = keyOf(row, contestant);
        const measured = await measure(contestant, { ...row, requests: Math.ceil(row.requests * share) });
        if (round >= 0) results.set(key, [...(results.get(key) ?? []), measured]);
      }
    }
  }
  printTitles(pair);
  for (const row of rows)
    printRow(row, pair.map((contestant) => results.get(keyOf(row, contestant))!) as never);
  const foreign = median([...results.values()].flat().map(({ foreignCores }) => foreignCores));
  console.log(`others used ${foreign.toFixed(2)} cores meanwhile`);
}

function keyOf(row: Row, { directory }: Contestant): string {
  return `${row.name} ${directory}`;
}

function printTitles([first, second]: Pair): void {
  const columns = ["", first.name, second.name, "ratio", "goal", "p50 ms", "p99 ms", "CPU µs/op", "ratio"];
  console.log(columns.map((column, at) => column.padStart(WIDTHS[at]!)).join(" "));
}

const WIDTHS = [24, 12, 12, 8, 7, 15, 15, 15, 8];

function printRow(row: Row, [first, second]: readonly [readonly Measured[], readonly Measured[]]): void {
  const both = (figure: (measured: Measured) => number): [number, number] => [
    median(first.map(figure)),
    median(second.map(figure)),
  ];
  const [a, b] = both(({ perSecond }) => perSecond);
  const p50 = both(({ p50Ms }) => p50Ms);
  const p99 = both(({ p99Ms }) => p99Ms);
  const processor = both(({ serverSeconds, requests }) => (serverSeconds * 1e6) / requests);
  const columns = [
    row.name,
    rate(a),
    rate(b),
    ratio(b / a),
    `≥ ${row.goal}`,
    p50.map((value) => value.toFixed(2)).join(" / "),
    p99.map((value) => value.toFixed(1)).join(" / "),
    processor.map((value) => value.toFixed(0)).join(" / "),
    ratio(processor[1] / processor[0]),
  ];
  console.log(columns.map((column, at) => column.padStart(WIDTHS[at]!)).join(" "));
}

async function reportFailover(pair: Pair, { failovers }: Extent): Promise<void> {
  const times: [number[], number[]] = [[], []];
  for (let trial = 0; trial < failovers; trial++) {
    for (const [at, contestant] of pair.entries()) times[at]!.push(await measureFailover(contestant));
  }
  const [a, b] = [median(times[0]), median(times[1])];
  const all = times.map((each) =>
    each
      .toSorted((x, y) => x - y)
      .map((time) => time.toFixed(0))
      .join(" "),
  );
  printPair("kill -9 to the next put", `${a.toFixed(0)} ms`, `${b.toFixed(0)} ms`, b / a, "≤ 0.3");
  console.log(`${"".padStart(WIDTHS[0]!)} ${pair[0].name}: ${all[0]}; ${pair[1].name}: ${all[1]}`);
}

async function reportFootprint(pair: Pair, { puts }: Extent): Promise<void> {
  const [a, b] = [await measureFootprint(pair[0], puts), await measureFootprint(pair[1], puts)];
  const print = (what: string, figure: (footprint: Footprint) => number, unit: string): void => {
    const text = (value: number): string => `${value.toFixed(0)} ${unit}`;
    printPair(what, text(figure(a)), text(figure(b)), figure(b) / figure(a), "≤ 1");
  };
  print(`resident, ${puts} puts`, ({ residentBytes }) => mean(residentBytes) / 2 ** 20, "MiB");
  const each = [a, b].map(({ residentBytes }) =>
    residentBytes.map((bytes) => (bytes / 2 ** 20).toFixed(0)).join(" "),
  );
  console.log(`${"".padStart(WIDTHS[0]!)} ${pair[0].name}: ${each[0]}; ${pair[1].name}: ${each[1]}`);
  print("disk for a put", ({ diskBytesPerPut }) => diskBytesPerPut, "B");
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function printPair(what: string, a: string, b: string, of: number, goal: string): void {
  const columns = [what, a, b, ratio(of), goal];
  console.log(columns.map((column, at) => column.padStart(WIDTHS[at]!)).join(" "));
}

function ratio(value: number): string {
  return `${value.toFixed(2)} ×`;
}
