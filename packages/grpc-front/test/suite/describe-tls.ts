import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { join } from "node:path";
import { connect } from "node:tls";
import grpc from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { GrpcCode, type OpenFront } from "../../src/index.ts";
import { GrpcClient } from "../grpc-client.ts";
import { ECHO, opened, unary } from "./opened.ts";

const pem = (name: string): Buffer => readFileSync(join(import.meta.dirname, "..", "certificates", name));
const server = { key: pem("server.key"), cert: pem("server.crt") };
const ca = pem("authority.crt");
const whoAmI = unary((_, call) => Buffer.from(call.commonName ?? "nobody"));
const WHO = "/test.Echo/Who";

const clientOf = (port: number, name?: string): GrpcClient => {
  const credentials = name
    ? grpc.credentials.createSsl(ca, pem(`${name}.key`), pem(`${name}.crt`))
    : grpc.credentials.createSsl(ca);
  return new GrpcClient(port, credentials, "localhost");
};

export function describeTls(open: OpenFront): void {
  describe("over TLS", () => {
    it("serves clients that know its authority, of any size", async () => {
      await using front = await opened(open, { [WHO]: whoAmI }, { host: "localhost", tls: server });
      using client = clientOf(front.port);
      const request = Buffer.alloc(3 << 20, 3);
      expect((await client.unary(ECHO, request)).response!.equals(request)).toBe(true);
      expect(String((await client.unary(WHO)).response)).toBe("nobody");
    });

    it("tells who shows a certificate of the clients' authority, and refuses who does not", async () => {
      const tls = { key: String(server.key), cert: String(server.cert), clientCa: ca };
      await using front = await opened(open, { [WHO]: whoAmI }, { host: "localhost", tls });
      using alice = clientOf(front.port, "alice");
      expect(String((await alice.unary(WHO)).response)).toBe("alice");
      using nobody = clientOf(front.port);
      expect((await nobody.unary(WHO)).code).toBe(GrpcCode.UNAVAILABLE);
      using mallory = clientOf(front.port, "mallory");
      expect((await mallory.unary(WHO)).code).toBe(GrpcCode.UNAVAILABLE);
    });

    it.each([["http/1.1"], undefined])("refuses who speaks %s", async (protocols) => {
      await using front = await opened(open, {}, { host: "localhost", tls: server });
      const socket = connect({ port: front.port, host: "localhost", ca, ALPNProtocols: protocols });
      socket.on("error", () => {});
      await new Promise<void>((resolve) => {
        socket.once("close", () => resolve());
        socket.resume();
      });
      expect(socket.alpnProtocol).not.toBe("h2");
    });

    it("does not wait for a handshake to close", async () => {
      const front = await opened(open, {}, { host: "localhost", tls: server });
      const socket = connectPlain({ port: front.port, host: "localhost" });
      socket.on("error", () => {});
      await once(socket, "connect");
      using client = clientOf(front.port);
      expect((await client.unary(ECHO)).code).toBe(0);
      await Promise.all([front.close(), once(socket.resume(), "close")]);
    });

    it("goes on when somebody does not speak it", async () => {
      await using front = await opened(open, {}, { host: "localhost", tls: server });
      const socket = connectPlain({ port: front.port, host: "localhost" });
      socket.on("error", () => {});
      socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      await new Promise<void>((resolve) => {
        socket.once("close", () => resolve());
        socket.resume();
      });
      using client = clientOf(front.port);
      expect((await client.unary(ECHO)).code).toBe(0);
    });
  });
}
