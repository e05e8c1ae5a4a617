import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NODE_STATUS, serve, TOKEN, type Served } from "./fake-node.ts";

const BEARER = { authorization: `Bearer ${TOKEN}` };
const node = { node: { getStatus: async () => ({ name: "ada" }) } };

/** What is not for everybody. */
const CLOSED_PATHS = [NODE_STATUS, "/api/openapi.json", "/api/session", "/metrics", "/api/no.Service/Method"];

async function statusOf(served: Served, path: string, headers: Record<string, string>): Promise<number> {
  const { status, json } = await served.ask(path, { headers });
  if (status >= 400) expect(json).toMatchObject({ status, detail: expect.stringMatching(/^[^\n]+$/) });
  return status;
}

describe("the token", () => {
  test.each(CLOSED_PATHS)("nobody is let in to %s without it", async (path) => {
    const served = await serve(node);
    expect(await statusOf(served, path, {})).toBe(401);
    expect(await statusOf(served, path, BEARER)).not.toBe(401);
  });

  test.each([
    ["another one", `Bearer ${"y".repeat(43)}`],
    ["a part of it", `Bearer ${TOKEN.slice(1)}`],
    ["more than it", `Bearer ${TOKEN}x`],
    ["none", "Bearer"],
    ["another scheme", `Basic ${btoa(`:${TOKEN}`)}`],
  ])("%s is refused", async (_, authorization) => {
    const served = await serve(node);
    const { status, headers, json } = await served.ask(NODE_STATUS, { headers: { authorization } });
    expect({ status, code: json["code"] }).toEqual({ status: 401, code: "unauthenticated" });
    expect(headers["www-authenticate"]).toBe('Bearer realm="lattice"');
  });

  test("a wrong one is refused, whatever cookie comes with it", async () => {
    const served = await serve(node);
    const cookie = await served.cookie();
    const headers = { cookie, origin: served.origin, authorization: "Bearer no" };
    expect(await statusOf(served, NODE_STATUS, headers)).toBe(401);
  });

  test("the page's files and the health are for everybody on this machine", async () => {
    const served = await serve(node);
    expect((await served.ask("/healthz")).text).toBe("ok\n");
    expect((await served.ask("/")).status).toBe(404);
  });
});

describe("the Host", () => {
  test.each(["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])("%s is a name of the node", async (name) => {
    const served = await serve(node);
    const host = `${name}:${served.server.port}`;
    expect(await statusOf(served, NODE_STATUS, { ...BEARER, host })).toBe(200);
  });

  test.each(["evil.example", "127.0.0.1.evil.example", "localhost.", "0.0.0.0", "127.0.0.2", "[::]", ""])(
    "%j is not",
    async (name) => {
      const served = await serve(node);
      for (const path of ["/", "/healthz", NODE_STATUS]) {
        expect(await statusOf(served, path, { ...BEARER, host: `${name}:${served.server.port}` })).toBe(403);
      }
    },
  );

  test.each(["localhost", "localhost:1", "127.0.0.1:80"])("%j has another port", async (host) => {
    const served = await serve(node);
    expect(await statusOf(served, NODE_STATUS, { ...BEARER, host })).toBe(403);
  });
});

test("property: no other Host is let in, whatever it looks like", async () => {
  const served = await serve(node);
  const own = new Set(["localhost", "127.0.0.1", "[::1]"].map((name) => `${name}:${served.server.port}`));
  const near = fc
    .constantFrom(...own)
    .chain((host) =>
      fc
        .tuple(fc.nat(host.length), fc.constantFrom(".", "@", ":", "x", "%00", "[", "0", "#"))
        .map(([at, piece]) => host.slice(0, at) + piece + host.slice(at)),
    );
  const any = fc.string({ minLength: 1 }).filter((text) => /^[\x21-\x7e]+$/.test(text));
  await fc.assert(
    fc.asyncProperty(fc.oneof(near, any), async (host) => {
      fc.pre(!own.has(host.toLowerCase()));
      const { status } = await served.ask("/healthz", { headers: { host } });
      expect([400, 403]).toContain(status);
    }),
  );
});

describe("another page", () => {
  const foreign = (served: Served): Record<string, string>[] => [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: `https://localhost:${served.server.port}` },
    { origin: `http://127.0.0.1:${served.server.port}` },
    { origin: "http://localhost:3000" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" },
    { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
  ];

  test("is refused everywhere, whatever it brings along", async () => {
    const served = await serve(node);
    const cookie = await served.cookie();
    for (const headers of foreign(served)) {
      for (const path of ["/", NODE_STATUS, "/healthz"]) {
        expect(await statusOf(served, path, { ...headers, ...BEARER, cookie }), JSON.stringify(headers)).toBe(
          403,
        );
      }
    }
  });

  test("may link to this one, which then has no rights of its own", async () => {
    const served = await serve(node);
    const cookie = await served.cookie();
    const link = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    expect((await served.ask("/", { headers: link })).status).toBe(404);
    expect(await statusOf(served, NODE_STATUS, { ...link, cookie })).toBe(403);
  });

  test("gets no leave to read an answer", async () => {
    const served = await serve(node);
    const asked = { ...BEARER, origin: "http://evil.example", "access-control-request-method": "POST" };
    const { status, headers } = await served.ask(NODE_STATUS, { method: "OPTIONS", headers: asked });
    expect(status).toBe(403);
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("the cookie", () => {
  test("comes with one visit of the link, which then leads to the page", async () => {
    const served = await serve(node);
    const link = new URL(served.server.link());
    const { status, headers, text } = await served.ask(link.pathname + link.search);
    expect({ status, location: headers.location, text }).toEqual({ status: 303, location: "/", text: "" });
    expect(headers["set-cookie"]).toEqual([
      expect.stringMatching(/^lattice-\d+=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/),
    ]);
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers["set-cookie"]![0]).not.toContain(TOKEN);
    expect(link.href).not.toContain(TOKEN);
  });

  test("is not to be had with a link that was used, or with none", async () => {
    const served = await serve(node);
    const link = new URL(served.server.link());
    await served.ask(link.pathname + link.search);
    for (const query of [link.search, "?token=", "?token=no"]) {
      const { status, headers } = await served.ask(`/${query}`);
      expect({ status, cookie: headers["set-cookie"] }).toEqual({ status: 401, cookie: undefined });
    }
  });

  test("somebody in front of a browser reads one line", async () => {
    const served = await serve(node);
    const headers = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
    const { status, text, headers: told } = await served.ask("/?token=used", { headers });
    expect({ status, type: told["content-type"] }).toEqual({
      status: 401,
      type: "text/plain; charset=utf-8",
    });
    expect(text).toBe('this link has been used, or is too old: "lattice node link" prints another one\n');
    expect((await served.ask(NODE_STATUS, { headers })).json).toMatchObject({ status: 401 });
  });

  test("a second visit by who has it leads to the page", async () => {
    const served = await serve(node);
    const link = new URL(served.server.link());
    const first = await served.ask(link.pathname + link.search);
    const cookie = first.headers["set-cookie"]![0]!.split(";", 1)[0]!;
    expect((await served.ask(link.pathname + link.search, { headers: { cookie } })).status).toBe(303);
  });

  test("the token itself opens as well, as often as it is shown", async () => {
    const served = await serve(node);
    for (let visit = 0; visit < 2; visit++) {
      expect((await served.ask(`/?token=${TOKEN}`)).headers["set-cookie"]).toHaveLength(1);
    }
  });

  test.each([
    [{ "sec-fetch-site": "same-origin" }, 200],
    [{ "sec-fetch-site": "none" }, 200],
    [{ origin: "own" }, 200],
    [{ referer: "own" }, 200],
    [{}, 403],
    [{ referer: "http://localhost:3000/page" }, 403],
    [{ referer: "nonsense" }, 403],
  ])("with %j gives %i", async (given, expected) => {
    const served = await serve(node);
    const cookie = await served.cookie();
    const own = Object.entries(given).map(([name, value]) => [name, value === "own" ? served.origin : value]);
    const headers = {
      cookie: `other=1; ${cookie}; more=2`,
      ...(Object.fromEntries(own) as Record<string, string>),
    };
    expect(await statusOf(served, NODE_STATUS, headers)).toBe(expected);
  });

  test("of another node, or with another name, is none", async () => {
    const [served, other] = [await serve(node), await serve(node, { token: "y".repeat(43) })];
    const value = (await other.cookie()).split("=")[1]!;
    const headers = { "sec-fetch-site": "same-origin" };
    const cookie = `lattice-${served.server.port}=${value}`;
    expect(await statusOf(served, NODE_STATUS, { ...headers, cookie })).toBe(401);
    expect(await statusOf(served, NODE_STATUS, { ...headers, cookie: await other.cookie() })).toBe(401);
  });

  test("can be had for the token, and given back", async () => {
    const served = await serve(node);
    const made = await served.ask("/api/session", { method: "POST", headers: BEARER });
    expect(made.status).toBe(204);
    const cookie = made.headers["set-cookie"]![0]!.split(";", 1)[0]!;
    const headers = { cookie, origin: served.origin };
    expect((await served.ask("/api/session", { headers })).json).toEqual({});
    const left = await served.ask("/api/session", { method: "DELETE", headers });
    expect(left.headers["set-cookie"]).toEqual([expect.stringContaining("=; Path=/; Max-Age=0")]);
    expect((await served.ask("/api/session", { method: "PUT", headers })).headers.allow).toBe(
      "GET, POST, DELETE",
    );
  });
});

test("every answer tells the browser what it may not do", async () => {
  const served = await serve(node);
  for (const path of ["/", NODE_STATUS, "/healthz", "/api/x"]) {
    const { headers } = await served.ask(path);
    expect(headers).toMatchObject({
      "content-security-policy": expect.stringContaining("default-src 'none'"),
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
  }
});

test.skipIf(!(await hasIpv6()))("the node answers on ::1 as well", async () => {
  const served = await serve(node);
  expect((await served.ask("/healthz", { host: "::1" })).text).toBe("ok\n");
});

async function hasIpv6(): Promise<boolean> {
  const { networkInterfaces } = await import("node:os");
  return Object.values(networkInterfaces())
    .flat()
    .some((address) => address?.address === "::1");
}
