import { expect, test } from "vitest";
import { kvstoreV1 } from "@lattice/kvstore";
import { daemon } from "@lattice/proto";
import { hasPosition, positionOf, setPosition } from "../src/index.ts";
import { connectTo, serveFake } from "./fake-node.ts";

test("a stream has positions where its messages have a field for them", () => {
  expect(hasPosition(kvstoreV1.WatchEvent)).toBe(true);
  expect(hasPosition(daemon.NodeEvent)).toBe(true);
  expect(hasPosition(daemon.JoinProgress)).toBe(false);
  const event = kvstoreV1.WatchEvent.create({ resume: new Uint8Array([1]) });
  expect(positionOf(kvstoreV1.WatchEvent, event)).toEqual(new Uint8Array([1]));
  expect(positionOf(daemon.JoinProgress, {})).toHaveLength(0);
});

test("a request is told from where to go on, and refuses where it cannot", () => {
  const request = kvstoreV1.WatchRequest.create({ prefix: new Uint8Array([7]) });
  setPosition(kvstoreV1.WatchRequest, request, new Uint8Array([1]));
  expect(request).toEqual(
    kvstoreV1.WatchRequest.create({ prefix: new Uint8Array([7]), resume: new Uint8Array([1]) }),
  );
  expect(() => setPosition(daemon.JoinStoreRequest, {}, new Uint8Array([1]))).toThrow(
    "begins anew each time",
  );
});

test("gRPC carries positions like everything else", async () => {
  const client = await connectTo(
    await serveFake({
      dynamic: {
        async *subscribe({ resume }) {
          yield { resume: resume.map((byte) => byte + 1) };
        },
      },
    }),
  );
  for await (const { resume } of client.dynamic.subscribe({ resume: new Uint8Array([4]) })) {
    expect(resume).toEqual(new Uint8Array([5]));
  }
});
