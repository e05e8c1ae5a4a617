/** txn, from its input and interactively. */
import { etcdserverpb as pb } from "../../../../packages/testkit/src/clusters/index.ts";
import type { Side } from "../side.ts";

export async function transactions(side: Side): Promise<void> {
  const txn = (input: string, ...flags: string[]) => side.run(["txn", ...flags], { input });
  await side.run(["put", "a", "1"]);
  await txn('value("a") = "1"\n\nput a 2\nget a\n\nput b x\n\n');
  await txn('value("a") = "1"\n\nput a 3\n\nput b x\nget b\n\n');
  await txn('value("a") != "1"\nvalue("a") > "0"\nvalue("a") < "9"\n\nput c yes\n\nput c no\n\n');
  for (const [target, number] of [
    ["create", "0"],
    ["mod", "0"],
    ["ver", "0"],
    ["version", "0"],
    ["createrevision", "2"],
    ["modrevision", "4"],
    ["lease", "0"],
  ]) {
    for (const relation of ["=", "!=", "<", ">"]) {
      await txn(`${target}("a") ${relation} "${number}"\n\nget a\n\nget none\n\n`);
      await txn(`${target}("none") ${relation} "${number}"\n\nget a\n\nget none\n\n`);
    }
  }
  await txn('value("none") = ""\n\nput yes 1\n\nput no 1\n\n');
  await txn("\nput always 1\n\n\n");
  await txn("\n\n\n");
  await txn("\nput x 1\ndel x\n\n\n");
  await txn("\nput x 1\nget x\n\n\n");
  await txn("\nput x 2\nput x 3\n\n\n");
  await txn("\ndel x\ndel x\n\n\n");
  await txn("\ndel x\nput x 4\n\n\n");
  await txn('\nput "with space" "a value"\nget "with space"\n\n\n');
  await txn("\ndel --prefix a --prev-kv\n\n\n");
  await txn('\nget --prefix "" --keys-only\n\n\n');
  await txn("\nput p/1 1\nput p/2 2\nput p/3 3\n\n\n");
  await txn("\nget --prefix p/ --limit=2 --order=DESCEND\n\n\n", "-w", "json");
  await txn("\nget p/1\nput p/1 9 --prev-kv\ndel p/2 --prev-kv\n\n\n", "-w", "json");
  await txn("\nget p/1\nput p/1 10 --prev-kv\ndel p/3 --prev-kv\n\n\n", "-w", "fields");
  await txn("\nget p/1\nput p/1 11\n\n\n", "-w", "table");
  await side.run(["txn", "-w", "protobuf"], {
    input: "\nget p/1\nput p/1 11\n\n\n",
    message: pb.TxnResponse,
  });
  await txn('value("p/1") = "11"\n\nget --rev=3 a\n\n\n');
  await txn("\nget --rev=3000 a\n\n\n");
  await txn("\nput leased 1 --lease=123\n\n\n");
  await txn('nonsense("a") = "1"\n\n\n\n');
  await txn('value("a") ~ "1"\n\n\n\n');
  await txn('create("a") = "x"\n\n\n\n');
  await txn("\nwatch a\n\n\n");
  await txn("\nput a\n\n\n");
  const puts = (count: number): string =>
    Array.from({ length: count }, (_, at) => `put many-${at} ${at}\n`).join("");
  await txn(`\n${puts(128)}\n\n`, "-w", "json");
  await txn(`\n${puts(129)}\n\n`);
  const compares = Array.from({ length: 129 }, (_, at) => `ver("many-${at}") = "1"\n`).join("");
  await txn(`${compares}\n\n\n`);
  await side.run(["txn", "-i"], { input: 'value("a") = "1"\n\nput a 5\n\nput a 6\n\n' });
  await side.run(["txn", "extra"], { input: "" });
  await side.run(["get", "", "--prefix", "-w", "json"]);
}
