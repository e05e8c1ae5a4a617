/** endpoint, compact, defrag, alarm, snapshot, move-leader, version. */
import { join } from "node:path";
import type { CommandOptions, Side } from "../side.ts";

const FORMATS = ["simple", "json", "table", "fields"] as const;

/** What a status tells that depends on how often something was written. */
const STATUS: CommandOptions["mask"] = [
  [/\b\d+(?:\.\d+)? [kM]?B\b/g, "<size>"],
  [
    /(?:(?<=, (?:true|false), )|(?<=\| (?:true|false) \| ))\d+(, | \| )\d+(, | \| )\d+/g,
    "<term>$1<index>$2<index>",
  ],
];

const HASHES: CommandOptions["mask"] = [[/(<client n\d>(?:,| \|)) \d+/g, "$1 <hash>"]];

export async function maintenance(side: Side): Promise<void> {
  const everybody = { at: side.addresses } as const;
  await side.run(["version"]);
  await side.run(["put", "a", "1"]);
  for (const format of FORMATS) {
    await side.run(["endpoint", "status", "-w", format], { ...everybody, mask: STATUS });
    await side.run(["endpoint", "health", "-w", format], { isSorted: true });
    await side.run(["endpoint", "hashkv", "-w", format], { ...everybody, mask: HASHES });
  }
  await side.run(["endpoint", "health"], { ...everybody, isSorted: true });
  await side.run(["endpoint", "status", "--cluster"], { isSorted: true, mask: STATUS });
  await side.run(["endpoint", "health", "--cluster"], { isSorted: true });
  await side.run(["endpoint", "hashkv", "--cluster"], { isSorted: true, mask: HASHES });
  await side.run(["endpoint", "hashkv", "--rev=2"], { ...everybody, mask: HASHES });
  await side.run(["endpoint", "hashkv", "--rev=100"]);
  await compaction(side);
  await side.run(["endpoint", "hashkv"], { ...everybody, mask: HASHES });
  await side.run(["endpoint", "hashkv", "--rev=2"], { mask: HASHES });
  await side.run(["defrag"]);
  await side.run(["defrag"], everybody);
  await side.run(["defrag", "--cluster"], { isSorted: true });
  await side.run(["alarm", "list"]);
  await side.run(["alarm", "disarm"]);
  await side.run(["alarm", "list", "-w", "json"]);
  await snapshot(side);
  await moveLeader(side);
  await away(side);
}

async function compaction(side: Side): Promise<void> {
  for (const value of ["2", "3", "4", "5"]) await side.run(["put", "a", value], { isSilent: true });
  await side.run(["put", "gone", "1"], { isSilent: true });
  await side.run(["del", "gone"], { isSilent: true });
  await side.run(["compact", "4"]);
  await side.run(["compact", "4"]);
  await side.run(["compact", "3"]);
  await side.run(["compact", "1000"]);
  await side.run(["compact", "x"]);
  await side.run(["compact"]);
  await side.run(["compact", "0"]);
  await side.run(["compact", "-1"]);
  await side.run(["compact", "5", "--physical"]);
  await side.run(["get", "a", "--rev=4"]);
  await side.run(["get", "a", "--rev=5"]);
  await side.run(["get", "a", "--rev=6"]);
  await side.run(["get", "gone", "--rev=7"]);
  await side.run(["get", "gone", "--rev=3"]);
  await side.run(["get", "a", "-w", "json"]);
  await side.run(["compact", "8", "--physical", "-w", "json"]);
}

async function snapshot(side: Side): Promise<void> {
  const file = join(side.directory, "backup.db");
  const mask: CommandOptions["mask"] = [
    [/"size":"[^"]*"/g, '"size":"<size>"'],
    [/^[0-9a-f]{6,8}, /gm, "<hash>, "],
    [/\d+(?:\.\d+)? [kM]B/g, "<size>"],
  ];
  await side.run(["snapshot", "save", file], { mask });
  await side.run(["snapshot", "status", file], { mask });
  await side.run(["snapshot", "save"]);
  await side.run(["snapshot", "save", file], { at: side.addresses });
}

async function moveLeader(side: Side): Promise<void> {
  const [first, second] = [await side.idOf("n1"), await side.idOf("n2")];
  const at = side.addresses;
  await side.run(["move-leader", second], { at: [at[2]!] });
  await side.run(["move-leader", second], { at });
  await side.run(["move-leader", first], { at: [at[1]!] });
  await side.run(["move-leader", first], { at });
  await side.run(["move-leader", "1234"], { at });
  await side.run(["move-leader", "nonsense"], { at });
  await side.run(["move-leader"], { at });
}

/** Where nobody is, and where somebody is not. */
async function away(side: Side): Promise<void> {
  const nobody = "127.0.0.1:1";
  const brief = ["--dial-timeout=300ms", "--command-timeout=500ms"];
  await side.run(["get", "a", ...brief], { at: [nobody] });
  await side.run(["endpoint", "health", ...brief], { at: [side.addresses[1]!, nobody], isSorted: true });
  await side.run(["endpoint", "status", ...brief], { at: [side.addresses[1]!, nobody], mask: STATUS });
}
