/** user, role and auth, and everything else under auth. */
import type { Side } from "../side.ts";

export async function auth(side: Side): Promise<void> {
  const ctl = (...words: string[]) => side.run(words);
  await ctl("auth", "enable");
  await users(side);
  await roles(side);
  await ctl("auth", "enable");
  await ctl("user", "grant-role", "root", "root");
  await ctl("auth", "enable");
  await underAuth(side);
  await side.run(["--user=root:secret", "auth", "disable"]);
  await ctl("put", "free", "again");
  await ctl("auth", "disable");
  await ctl("get", "", "--prefix", "-w", "json");
}

async function users(side: Side): Promise<void> {
  const ctl = (...words: string[]) => side.run(words);
  await ctl("user", "list");
  await ctl("user", "add", "root:secret");
  await ctl("user", "add", "root:again");
  await ctl("user", "add", "alice", "--new-user-password=pw");
  await ctl("user", "add", "bob:pw", "-w", "json");
  await side.run(["user", "add", "carol", "--interactive=false"], { input: "pw\n" });
  await ctl("user", "add", "nopass", "--no-password");
  await ctl("user", "add", ":pw");
  await ctl("user", "add", "empty:");
  await ctl("user", "add");
  await ctl("user", "list");
  await ctl("user", "list", "-w", "json");
  await ctl("user", "get", "alice");
  await ctl("user", "get", "alice", "-w", "json");
  await ctl("user", "get", "nobody");
  await ctl("user", "delete", "carol");
  await ctl("user", "delete", "carol");
  await side.run(["user", "passwd", "bob", "--interactive=false"], { input: "new\n" });
  await side.run(["user", "passwd", "nobody", "--interactive=false"], { input: "new\n" });
  await ctl("user", "grant-role", "alice", "none");
  await ctl("user", "grant-role", "nobody", "none");
  await ctl("user", "revoke-role", "alice", "none");
  await ctl("user", "revoke-role", "nobody", "none");
}

async function roles(side: Side): Promise<void> {
  const ctl = (...words: string[]) => side.run(words);
  await ctl("role", "list");
  await ctl("role", "add", "reader");
  await ctl("role", "add", "reader");
  await ctl("role", "add", "writer");
  await ctl("role", "add", "");
  await ctl("role", "add", "root");
  await ctl("role", "list");
  await ctl("role", "list", "-w", "json");
  await ctl("role", "grant-permission", "reader", "read", "pub/", "--prefix");
  await ctl("role", "grant-permission", "reader", "read", "a", "c");
  await ctl("role", "grant-permission", "writer", "write", "only-write");
  await ctl("role", "grant-permission", "writer", "readwrite", "shared/", "--prefix");
  await ctl("role", "grant-permission", "writer", "readwrite", "z", "--from-key");
  await ctl("role", "grant-permission", "writer", "nonsense", "x");
  await ctl("role", "grant-permission", "none", "read", "x");
  await ctl("role", "grant-permission", "reader", "read");
  await ctl("role", "get", "reader");
  await ctl("role", "get", "writer");
  await ctl("role", "get", "writer", "-w", "json");
  await ctl("role", "get", "writer", "-w", "fields");
  await ctl("role", "get", "none");
  await ctl("role", "revoke-permission", "reader", "a", "c");
  await ctl("role", "revoke-permission", "reader", "a", "c");
  await ctl("role", "revoke-permission", "writer", "z", "--from-key");
  await ctl("role", "revoke-permission", "none", "x");
  await ctl("role", "get", "reader");
  await ctl("role", "get", "root");
  await ctl("user", "grant-role", "alice", "reader");
  await ctl("user", "grant-role", "alice", "reader");
  await ctl("user", "grant-role", "bob", "writer");
  await ctl("user", "get", "alice");
  await ctl("user", "get", "alice", "--detail");
  await ctl("role", "add", "brief");
  await ctl("user", "grant-role", "alice", "brief");
  await ctl("role", "delete", "brief");
  await ctl("role", "delete", "brief");
  await ctl("user", "get", "alice");
  await ctl("user", "revoke-role", "alice", "brief");
}

async function underAuth(side: Side): Promise<void> {
  const as = (user: string, ...words: string[]) => side.run([`--user=${user}`, ...words]);
  await side.run(["get", "a"]);
  await side.run(["put", "a", "1"]);
  await as("alice:wrong", "get", "pub/a");
  await as("nobody:pw", "get", "pub/a");
  await as("nopass:x", "get", "pub/a");
  await as("root:secret", "put", "pub/a", "1");
  await as("alice:pw", "get", "pub/a");
  await as("alice:pw", "get", "pub/", "--prefix");
  await as("alice:pw", "get", "", "--prefix");
  await as("alice:pw", "put", "pub/a", "2");
  await as("alice:pw", "del", "pub/a");
  await as("bob:pw", "put", "only-write", "x");
  await as("bob:new", "put", "only-write", "x");
  await as("bob:new", "put", "only-write", "x", "--prev-kv");
  await as("bob:new", "get", "only-write");
  await as("bob:new", "put", "shared/1", "x");
  await as("bob:new", "get", "shared/", "--prefix");
  await as("bob:new", "del", "shared/", "--prefix");
  await side.run(["--user=bob:new", "txn"], { input: "\nput shared/2 x\nget shared/2\n\n\n" });
  await side.run(["--user=bob:new", "txn"], { input: "\nput shared/3 x\nget pub/a\n\n\n" });
  await side.run(["--user=bob:new", "txn"], { input: 'value("pub/a") = "1"\n\nput shared/3 x\n\n\n' });
  await as("bob:new", "watch", "pub/a", "--rev=1");
  for (const words of [
    ["user", "list"],
    ["user", "get", "alice"],
    ["user", "get", "bob"],
    ["user", "add", "eve:pw"],
    ["role", "list"],
    ["role", "get", "writer"],
    ["role", "get", "reader"],
    ["member", "list"],
    ["member", "remove", "1234"],
    ["compact", "2"],
    ["defrag"],
    ["alarm", "list"],
    ["alarm", "disarm"],
    ["lease", "list"],
    ["lease", "revoke", "1234"],
    ["auth", "disable"],
    ["auth", "enable"],
    ["endpoint", "health"],
  ]) {
    await side.run(["--user=bob:new", ...words], { isSorted: true });
  }
  await as("root:secret", "user", "list");
  await as("root:secret", "user", "delete", "root");
  await as("root:secret", "user", "revoke-role", "root", "root");
  await as("root:secret", "role", "delete", "root");
  await as("root:secret", "auth", "enable");
  await as("root", "get", "x", "--password=secret");
  await as("root:wrong", "auth", "disable");
  await as("alice:pw", "auth", "disable");
}
