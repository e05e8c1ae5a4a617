/** watch, from a revision so that nothing depends on when it begins, and interactively. */
import type { Side } from "../side.ts";

export async function watches(side: Side): Promise<void> {
  const quiet = (...words: string[]) => side.run(words, { isSilent: true });
  await quiet("put", "a", "1"); // revision 2
  await quiet("put", "a", "2");
  await quiet("put", "b", "1");
  await quiet("del", "a");
  await quiet("put", "a", "3");
  await quiet("put", "dir/1", "x");
  await quiet("put", "dir/2", "y");
  await side.run(["txn"], { input: "\nput dir/3 z\ndel dir/1\nput e 1\n\n\n", isSilent: true }); // revision 9
  await quiet("put", "last", "1");

  await seen(side, ["watch", "a", "--rev=1"], /\n3\n/);
  await seen(side, ["watch", "a", "--rev=3"], /\n3\n/);
  await seen(side, ["watch", "a", "--rev=1", "--prev-kv"], /\n3\n/);
  await seen(side, ["watch", "dir/", "--prefix", "--rev=1"], /DELETE\ndir\/1\n\n/);
  await seen(side, ["watch", "dir/", "--prefix", "--rev=1", "--prev-kv"], /DELETE\ndir\/1\nx\ndir\/1\n\n/);
  await seen(side, ["watch", "a", "c", "--rev=1"], /\n3\n/);
  await seen(side, ["watch", "a", "--rev=1", "-w", "json"], /"Mw=="/);
  await seen(side, ["watch", "", "--prefix", "--rev=1", "-w", "json"], /bGFzdA==/);
  await seen(side, ["watch", "a", "--rev=1", "-w", "fields"], /"Value" : "3"/);
  await seen(side, ["watch", "a", "--rev=1", "--hex"], /x33/);
  await side.run(["watch"]);
  await side.run(["watch", "a", "b", "c"]);
  await side.run(["watch", "a", "b", "--prefix"]);
  await side.run(["watch", "a", "--rev=x"]);
  await command(side);
  await interactive(side);
  await compacted(side);
}

async function seen(side: Side, words: readonly string[], pattern: RegExp): Promise<void> {
  const watching = side.begin(words);
  await watching.until(pattern);
  await watching.stop();
}

/** A command for each event, which gets the event in its environment. */
async function command(side: Side): Promise<void> {
  await seen(side, ["watch", "b", "--rev=4", "--", "sh", "-c", "env | grep ETCD_WATCH | sort"], /VALUE="?1/);
}

async function interactive(side: Side): Promise<void> {
  const watching = side.begin(["watch", "-i"]);
  watching.write("watch live\n");
  watching.write("progress\n");
  await watching.until(/progress notify: \d+/);
  await side.run(["put", "live", "1"], { isSilent: true });
  await watching.until(/live\n1\n/);
  await side.run(["del", "live"], { isSilent: true });
  await watching.until(/DELETE\nlive\n/);
  watching.write("watch old --rev=1 --prev-kv\n");
  watching.write("watch dir/ --prefix --rev=7\n");
  await watching.until(/dir\/2\ny\n/);
  watching.write("nonsense\n");
  await watching.ended();
}

async function compacted(side: Side): Promise<void> {
  await side.run(["compact", "6"]);
  await side.run(["watch", "a", "--rev=2"]);
  await side.run(["watch", "a", "--rev=2", "-w", "json"]);
  await seen(side, ["watch", "a", "--rev=6"], /a\n3\n/);
  await seen(side, ["watch", "", "--prefix", "--rev=7", "-w", "json"], /bGFzdA==/);
}
