import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openRuntime } from "../src/index.ts";
import { portWarnings } from "../src/port-warnings.ts";
import { dataDirectory } from "./data-directories.ts";

const ADDRESSES = ["/ip4/127.0.0.1/udp/4001/quic-v1", "/ip4/127.0.0.1/tcp/40012"];

test("a port that was chosen and is not there is told, for each carrier", () => {
  const [host, without] = ["127.0.0.1", "so the node does without it"];
  expect(portWarnings([{ host, port: 4001 }], ADDRESSES)).toEqual([
    expect.stringContaining(`port 4001 cannot be had for TCP, ${without}`),
  ]);
  expect(portWarnings([{ host, port: 400 }], ADDRESSES)).toEqual([
    expect.stringContaining(`port 400 cannot be had for UDP and TCP, ${without}`),
  ]);
});

test("one that nobody chose is not", () => {
  expect(portWarnings([{ host: "127.0.0.1" }, { host: "::1", port: 0 }], ADDRESSES)).toEqual([]);
});

test("a node whose port another program has says so, and runs", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const listen = [{ host: "127.0.0.1", port }];
  const runtime = await openRuntime({ dataDirectory: dataDirectory(), listen, serve: false });
  onTestFinished(() => runtime.close());
  const { warnings } = await runtime.client.node.getStatus({});
  expect(warnings).toEqual([expect.stringContaining(`port ${port} cannot be had for TCP`)]);
  expect(runtime.warnings).toEqual(warnings);
});
