import { execFile } from "node:child_process";
import { networkInterfaces } from "node:os";
import { promisify } from "node:util";
import { LatticeError } from "@lattice/model";
import { openLibp2pTransport, type Channel, type ListenAddress, type Transport } from "@lattice/net";
import { seedOf } from "./seed-of.ts";
import { afterEach, describe, expect, it } from "vitest";

const PROTOCOL = "/lattice/test/1";
const opened: Transport[] = [];
let made = 1000;

async function open(...listen: ListenAddress[]): Promise<Transport> {
  const transport = await openLibp2pTransport({ seed: seedOf(made++), listen, dialTimeoutMs: 3_000 });
  opened.push(transport);
  return transport;
}

async function connect(from: Transport, to: Transport, addresses: readonly string[]): Promise<Channel> {
  to.handle(PROTOCOL, () => undefined);
  return await from.open(to.self, PROTOCOL, { addresses });
}

function portsOf(transport: Transport): number[] {
  return transport.addresses().map((address) => Number(/\/(?:udp|tcp)\/(\d+)/.exec(address)![1]));
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => "none",
    (error: unknown) => LatticeError.from(error).code,
  );
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (transport) => await transport.close()));
});

describe("listening", () => {
  it("has QUIC first, then TCP, and the same free port for both where that can be had", async () => {
    const addresses = (await open({ host: "127.0.0.1" })).addresses();
    expect(addresses.length).toBe(2);
    expect(addresses[0]).toMatch(/^\/ip4\/127\.0\.0\.1\/udp\/[1-9]\d*\/quic-v1$/);
    expect(addresses[1]).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/[1-9]\d*$/);
  });

  it("takes a port again after a restart", async () => {
    const first = await open({ host: "127.0.0.1" });
    const [port] = portsOf(first);
    await first.close();
    expect(portsOf(await open({ host: "127.0.0.1", port }))).toEqual([port, port]);
  });

  it("takes a free port where the wanted one is taken", async () => {
    const first = await open({ host: "127.0.0.1" });
    const [port] = portsOf(first);
    const second = await open({ host: "127.0.0.1", port });
    expect(portsOf(second)).not.toContain(port);
    expect((await connect(first, second, second.addresses())).closed).toBe(false);
  });

  it("lists every address of the machine for a wildcard, loopback included", async () => {
    const transport = await open({ host: "0.0.0.0" });
    const machine = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ family }) => family === "IPv4");
    const hosts = new Set(transport.addresses().map((address) => address.split("/")[2]));
    expect(hosts).toEqual(new Set(machine.map(({ address }) => address)));
    const onLoopback = transport.addresses().filter((address) => address.includes("/127.0.0.1/"));
    expect(onLoopback.length).toBe(2);
    expect((await connect(await open(), transport, onLoopback)).closed).toBe(false);
  });

  it("listens on the address that a name stands for", async () => {
    const transport = await open({ host: "localhost" });
    expect(transport.addresses().length).toBe(2);
    expect((await connect(await open(), transport, transport.addresses())).closed).toBe(false);
  });

  it("can do without listening", async () => {
    const dialler = await open();
    const listener = await open({ host: "127.0.0.1" });
    expect(dialler.addresses()).toEqual([]);
    const accepted = Promise.withResolvers<Channel>();
    await connect(dialler, listener, listener.addresses());
    dialler.handle(PROTOCOL, accepted.resolve);
    await listener.open(dialler.self, PROTOCOL);
    expect((await accepted.promise).outbound).toBe(false);
  });

  it("refuses a wrong seed, an unknown host and a foreign address", async () => {
    expect(await codeOf(openLibp2pTransport({ seed: new Uint8Array(31), listen: [] }))).toBe(
      "invalid-argument",
    );
    expect(await codeOf(open({ host: "no-such-host.invalid" }))).toBe("invalid-argument");
    expect(await codeOf(open({ host: "192.0.2.1" }))).toBe("unavailable");
  });

  it("reaches a peer over TCP where UDP leads nowhere", async () => {
    const listener = await open({ host: "127.0.0.1" });
    const tcpOnly = listener.addresses().filter((address) => address.includes("/tcp/"));
    const addresses = [...tcpOnly, "/ip4/127.0.0.1/udp/9/quic-v1"];
    expect((await connect(await open(), listener, addresses)).closed).toBe(false);
  });

  it("reaches a peer that was restarted", async () => {
    const [a, seed] = [await open({ host: "127.0.0.1" }), seedOf(made++)];
    const first = await openLibp2pTransport({ seed, listen: [{ host: "127.0.0.1" }] });
    const addresses = first.addresses();
    await connect(a, first, addresses);
    const [port] = portsOf(first);
    await first.close();
    const second = await openLibp2pTransport({ seed, listen: [{ host: "127.0.0.1", port }] });
    opened.push(second);
    expect(second.addresses()).toEqual(addresses);
    expect((await connect(a, second, addresses)).closed).toBe(false);
  });

  it("takes addresses with the peer's name at the end, too", async () => {
    const listener = await open({ host: "127.0.0.1" });
    const named = listener
      .addresses()
      .map((address) => `${address}/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5`);
    expect((await connect(await open(), listener, named)).closed).toBe(false);
  });

  it("many callers may open to the same new peer at once", async () => {
    const [a, b] = [await open({ host: "127.0.0.1" }), await open({ host: "127.0.0.1" })];
    const channels = await Promise.all(
      Array.from({ length: 20 }, async () => await connect(a, b, b.addresses())),
    );
    expect(channels.every(({ closed }) => !closed)).toBe(true);
  });
});

describe("a process that uses the package", () => {
  async function run(program: string): Promise<string> {
    const args = ["--conditions=@lattice/source", "--input-type=module", "--eval", program];
    return (await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })).stdout.trim();
  }

  it("does not load libp2p until it opens a transport", async () => {
    const loaded = await run(`
      import { registerHooks } from "node:module";
      const urls = [];
      registerHooks({ resolve(specifier, context, next) {
        const resolved = next(specifier, context);
        urls.push(resolved.url);
        return resolved;
      } });
      await import("@lattice/net");
      console.log(urls.filter((url) => /libp2p/.test(url) && !/packages\\/net/.test(url)).length, urls.length > 5);
    `);
    expect(loaded).toBe("0 true");
  });

  it("ends by itself once its transports are closed", async () => {
    const said = await run(`
      import { openLibp2pTransport } from "@lattice/net";
      const listen = [{ host: "127.0.0.1" }];
      const a = await openLibp2pTransport({ seed: new Uint8Array(32).fill(1), listen });
      const b = await openLibp2pTransport({ seed: new Uint8Array(32).fill(2), listen });
      const got = Promise.withResolvers();
      b.handle("/greeting/1", async (channel) => {
        for await (const frame of channel.frames) got.resolve(Buffer.from(frame).toString());
        await channel.close();
      });
      const channel = await a.open(b.self, "/greeting/1", { addresses: b.addresses() });
      await channel.send(Buffer.from("hello"));
      await channel.close();
      console.log(await got.promise);
      await a.close();
      await b.close();
    `);
    expect(said).toBe("hello");
  });
});
