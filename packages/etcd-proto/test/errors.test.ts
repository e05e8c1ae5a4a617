import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EtcdError, EtcdErrors, GrpcCode, type EtcdErrorName } from "@lattice/etcd-proto";
import { expect, it } from "vitest";

const names = Object.keys(EtcdErrors) as EtcdErrorName[];

it("texts tell errors apart, as clients do, and codes are gRPC's", () => {
  expect(new Set(names.map((name) => EtcdErrors[name][1])).size).toBe(names.length);
  for (const name of names) {
    const { code, message } = EtcdError.of(name);
    expect(message).toMatch(/^etcdserver: \S/);
    expect(Object.values(GrpcCode)).toContain(code);
    expect(code).not.toBe(GrpcCode.OK);
  }
});

it("errors in answers of etcd that were recorded are among them", () => {
  const file = join(import.meta.dirname, "../../mvcc/test/vectors/etcd-3.4.jsonl");
  const recorded = readFileSync(file, "utf8").matchAll(/"error":(\[.*?\])/g);
  const answers = new Set([...recorded].map(([, error]) => error!));
  expect(answers.size).toBeGreaterThan(7);
  const ours = names.map((name) => JSON.stringify(EtcdErrors[name]));
  for (const answer of answers) expect(ours).toContain(answer);
});
