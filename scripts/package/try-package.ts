/** Installs the package as anybody would, where nothing of this repository is in reach, and uses it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const SCRIPT = "store create --root\nput hello world\nget hello\n";

/** What a machine may need to get to its registry at all. */
function waysToTheRegistry(): Record<string, string | undefined> {
  const names = Object.keys(process.env).filter((name) =>
    /^npm_config_|_proxy$|^node_extra_ca_certs$/i.test(name),
  );
  return {
    ...Object.fromEntries(names.map((name) => [name, process.env[name]])),
    npm_config_userconfig: join(homedir(), ".npmrc"),
  };
}

export function tryPackage(tarball: string): void {
  const folder = mkdtempSync(join(tmpdir(), "lattice-try-"));
  const env = {
    ...waysToTheRegistry(),
    HOME: folder,
    PATH: [join(folder, "bin"), dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(
      delimiter,
    ),
    LATTICE_DATA: join(folder, "data"),
    LATTICE_LISTEN: "127.0.0.1",
  };
  const run = (command: string, args: readonly string[], input = ""): string => {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      cwd: folder,
      env,
      input,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${command} ${args.join(" ")} has failed: ${error?.message ?? stderr}`);
    return stdout;
  };
  try {
    run("npm", ["install", "--global", "--prefix", folder, "--no-audit", "--no-fund", tarball]);
    if (!existsSync(join(folder, "share/man/man1/lattice.1")))
      throw new Error("the man page was not installed");
    console.log(`installed; lattice ${run("lattice", ["--version"]).trim()}`);
    const answer = run("lattice", ["--embedded"], SCRIPT);
    if (answer !== "world\n") throw new Error(`the command answered: ${answer}`);
    console.log("it answers");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
