/**
 * What differs from cluster to cluster and means nothing: ids, ports, times, sizes. They are given names by their part, so
 * that `member n1` stands where the one cluster prints 8e9e05c52164694d and the other something else.
 */
interface KnownMember {
  readonly name: string;
  readonly id: bigint;
}

export class Mask {
  readonly #names = new Map<string, string>();
  #pattern: RegExp | undefined;
  #leaseCount = 0;

  /** From now on `text` is shown as `<name>`. */
  name(text: string, name: string): void {
    if (this.#names.has(text)) return;
    this.#names.set(text, `<${name}>`);
    this.#pattern = undefined;
  }

  /** An id, however it is printed. */
  nameId(id: bigint, name: string): void {
    this.name(id.toString(16), name);
    this.name(id.toString(16).padStart(16, "0"), name);
    this.name(id.toString(10), name);
    // Some tables take an id for a signed number.
    this.name(BigInt.asIntN(64, id).toString(10), name);
  }

  nameCluster(id: bigint, members: readonly KnownMember[]): void {
    this.nameId(id, "cluster");
    for (const member of members) this.nameId(member.id, `member ${member.name}`);
  }

  apply(text: string): string {
    this.#nameLeases(text);
    const rows = text.split("\n").map(toPlainRow).join("\n");
    let masked = rows.replaceAll(this.#known(), (found) => this.#names.get(found)!);
    for (const [pattern, replacement] of MEANINGLESS) masked = masked.replaceAll(pattern, replacement);
    return withoutRepeats(masked.replace(MEMBER_LIST, inOrder));
  }

  /** In the order in which they are granted. */
  #nameLeases(text: string): void {
    for (const [, id] of text.matchAll(/\blease ([0-9a-f]{10,16}) granted/g))
      this.#nameLease(BigInt(`0x${id}`));
    for (const [, id] of text.matchAll(/"ID" : (\d{10,20})\n"TTL"/g)) this.#nameLease(BigInt(id!));
    for (const [, id] of text.matchAll(/"(?:id|ID)":"?(\d{10,20})"?,"(?:ttl|TTL)"/g))
      this.#nameLease(BigInt(id!));
    // Keys of locks and elections end with the lease of who holds them.
    for (const [, id] of text.matchAll(/\/([0-9a-f]{12,16})\b/g)) this.#nameLease(BigInt(`0x${id}`));
  }

  #nameLease(id: bigint): void {
    if (this.#names.has(id.toString(16))) return;
    this.#leaseCount += 1;
    this.nameId(id, `lease ${this.#leaseCount}`);
  }

  #known(): RegExp {
    const words = [...this.#names.keys()]
      .toSorted((a, b) => b.length - a.length)
      .map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    this.#pattern ??=
      words.length === 0 ? /$^/g : new RegExp(`(?<![0-9a-f])(?:${words.join("|")})(?![0-9a-f])`, "g");
    return this.#pattern;
  }
}

const MEANINGLESS: readonly (readonly [RegExp, string])[] = [
  [/"ts":"[^"]*"/g, '"ts":"<time>"'],
  [/"ts":[\d.]+/g, '"ts":"<time>"'],
  [/endpoint:\/\/client-[0-9a-f-]+\//g, "endpoint://client/"],
  [/passthrough:\/\/\/?/g, ""],
  [/("?\b[tT]ook"? *[=:]* *"?)\d[\d.]*(?:[mµn]?s)?/g, "$1<time>"],
  [/(?<=\| (?:true|false) \| )\d[\d.]*[mµn]?s(?= \|)/g, "<time>"],
  // An id with few digits is filled up.
  [/(?<=\b(?:Member|cluster) ) +(?=<)/g, ""],
  // What a program that has failed tells of its own memory.
  [/^goroutine [^]*/gm, "(a stack)"],
  [/("?(?:raft_term|raftTerm|RaftTerm)"? ?: ?"?)\d+/g, "$1<term>"],
  [/("?(?:raft(?:Applied)?Index|Raft(?:Applied)?Index)"? ?: ?"?)\d+/g, "$1<index>"],
  [/("?(?:dbSize(?:InUse)?|DBSize(?:InUse)?)"? ?: ?"?)\d+/g, "$1<size>"],
  [/("?[hH]ash"? ?: ?)\d+/g, "$1<hash>"],
  [/remaining\(\d+s\)/g, "remaining(<some>s)"],
  [/("?(?:ttl|TTL)"? ?: ?)\d+(,"granted-ttl")/g, "$1<some>$2"],
];

/** Members come in the order of their ids, in JSON on one line. */
const MEMBER_LIST = /(?<="members":\[\{).*?(?=\}\])/g;

function inOrder(members: string): string {
  const byName = (text: string): string => /"name":"(\w+)"/.exec(text)?.[1] ?? "";
  return members
    .split("},{")
    .toSorted((a, b) => byName(a).localeCompare(byName(b)))
    .join("},{");
}

/** How often a command tried again is a matter of time. */
function withoutRepeats(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/"attempt":[1-9]\d*/, '"attempt":<n>'));
  return lines.filter((line, at) => !line.includes('"attempt":<n>') || line !== lines[at - 1]).join("\n");
}

/** Cells of a table are as wide as what stands in them. */
function toPlainRow(line: string): string {
  if (/^\+[-+]+\+$/.test(line)) return "+-+";
  if (!/^\|.*\|$/.test(line)) return line;
  return `| ${line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim())
    .join(" | ")} |`;
}
