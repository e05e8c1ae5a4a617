/** The programs that a cluster can be made of, and how each is told its part. */
import { execFileSync } from "node:child_process";

/** One member's place. */
export interface Seat {
  readonly name: string;
  readonly clientPort: number;
  /** Where it listens for the others. */
  readonly peerPort: number;
  /** Where the others look for it: the same port, or that of a proxy before it. */
  readonly peerPortSeen: number;
}

export interface StartOptions {
  readonly seat: Seat;
  /** Everybody at the start of a new cluster; or, for one who joins, who is there already, and itself. */
  readonly seats: readonly Seat[];
  readonly isJoining: boolean;
  readonly directory: string;
  /** For this program only, at the end of the command. */
  readonly flags: readonly string[];
}

export interface ServerProgram {
  readonly name: string;
  command(options: StartOptions): readonly [string, ...string[]];
}

export const etcd: ServerProgram = {
  name: "etcd",
  command: ({ seat, seats, isJoining, directory, flags }) => [
    "etcd",
    ...["--name", seat.name, "--data-dir", directory, "--log-level", "warn", "--logger", "zap"],
    ...["--listen-client-urls", clientUrl(seat), "--advertise-client-urls", clientUrl(seat)],
    ...["--listen-peer-urls", `http://127.0.0.1:${seat.peerPort}`],
    ...["--initial-advertise-peer-urls", peerUrl(seat)],
    ...["--initial-cluster", seats.map((each) => `${each.name}=${peerUrl(each)}`).join(",")],
    ...["--initial-cluster-state", isJoining ? "existing" : "new"],
    ...flags,
  ],
};

/** `built` is the `lattice.js`; LATTICE_ENTRY in the environment is another one, such as that of a build before this. */
export function lattice(built: string): ServerProgram {
  const entry = process.env["LATTICE_ENTRY"] ?? built;
  return {
    name: "lattice",
    command: ({ seat, seats, isJoining, directory, flags }) => [
      process.execPath,
      ...[entry, "cluster", "start", "--name", seat.name, "--data", directory],
      ...["--client", `127.0.0.1:${seat.clientPort}`, "--peer", `127.0.0.1:${seat.peerPort}`],
      ...(isJoining
        ? [
            "--join",
            seats
              .filter((each) => each !== seat)
              .map(peerAddress)
              .join(","),
          ]
        : ["--initial", seats.map((each) => `${each.name}=${peerAddress(each)}`).join(",")]),
      ...(seat.peerPortSeen === seat.peerPort ? [] : ["--advertise-peer", peerAddress(seat)]),
      ...flags,
    ],
  };
}

function clientUrl({ clientPort }: Seat): string {
  return `http://127.0.0.1:${clientPort}`;
}

export function peerUrl(seat: Seat): string {
  return `http://${peerAddress(seat)}`;
}

function peerAddress({ peerPortSeen }: Seat): string {
  return `127.0.0.1:${peerPortSeen}`;
}

/** The first line of what a program says of its version; undefined where it is not installed. */
export function versionOf(program: string, ...args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).split(
      "\n",
    )[0];
  } catch {
    return undefined;
  }
}
