/** How long a person waits: for one command of its own process, and for an answer at the prompt. Both speak to a daemon. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { median, report } from "./report.ts";
import { withScratch } from "./scratch.ts";

const LATTICE = fileURLToPath(new URL("../apps/cli/dist/lattice.js", import.meta.url));
const ROUNDS = 31;
const PROMPT = /lattice:[0-9a-f]{4}> $/;

export async function benchCli(): Promise<void> {
  await withScratch(measure);
}

async function measure(data: string): Promise<void> {
  const env = {
    ...process.env,
    LATTICE_DATA: data,
    LATTICE_LISTEN: "127.0.0.1",
    LATTICE_STORE: "",
    TERM: "dumb",
  };
  const daemon = spawn(process.execPath, [LATTICE, "--daemon"], { env });
  try {
    await once(daemon.stdout, "data");
    const run = (...words: string[]) =>
      spawnSync(process.execPath, [LATTICE, ...words], { env, encoding: "utf8" });
    run("store", "create", "--root");
    run("put", "hello", "world");
    const single = Array.from({ length: ROUNDS }, () => timed(() => run("get", "hello").stdout));
    const bare = Array.from({ length: ROUNDS }, () =>
      timed(() => spawnSync(process.execPath, ["-e", "0"]).status),
    );
    const [get, node] = [median(single), median(bare)].map((ms) => ms.toFixed(0));
    report("lattice get, a process of its own", `${get} ms (node alone ${node})`, "≤ 250 ms");
    const answers = await atThePrompt(env);
    report("get at the prompt, Enter to the next prompt", `${median(answers).toFixed(1)} ms`, "≤ 20 ms");
  } finally {
    daemon.kill("SIGTERM");
    await once(daemon, "exit");
  }
}

function timed(body: () => unknown): number {
  const start = performance.now();
  body();
  return performance.now() - start;
}

/** In a terminal, as `script` makes one. */
async function atThePrompt(env: NodeJS.ProcessEnv): Promise<number[]> {
  const command = `"${process.execPath}" "${LATTICE}"`;
  const child = spawn("script", ["-qec", command, "/dev/null"], { env });
  await prompted(child);
  const answers: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    child.stdin.write("get hello\r");
    await prompted(child);
    answers.push(performance.now() - start);
  }
  child.stdin.write("\u0004");
  await once(child, "exit");
  return answers;
}

async function prompted(child: ChildProcessWithoutNullStreams): Promise<void> {
  let text = "";
  while (!PROMPT.test(text)) {
    const [piece] = (await once(child.stdout, "data")) as [Buffer];
    text += String(piece);
  }
}
