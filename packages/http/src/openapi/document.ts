/** `/api/openapi.json`: what can be called, for people and programs, made from the same reflection that answers the calls. */
import { ERROR_CODES } from "@lattice/model";
import type { Endpoint, Endpoints } from "../endpoints.ts";
import { EVENT_STREAM, MEDIA_TYPES } from "../media.ts";
import { Schemas, type Schema } from "./schema.ts";

const PROBLEM_TYPE = "application/problem+json";

export function openApiOf(
  endpoints: Endpoints,
  { version, cookieName }: { version: string; cookieName: string },
): object {
  const schemas = new Schemas();
  const all = [...endpoints.all()];
  const paths = all.map((endpoint) => [pathOf(endpoint), operationsOf(endpoint, schemas)] as const);
  const services = new Set(all.map(({ method }) => method.service.typeName));
  return {
    openapi: "3.1.0",
    info: {
      title: "Lattice node",
      version: version === "" ? "0" : version,
      description:
        "Every method of the node's services, and of the types of its stores. Streams are server-sent events; a call that only " +
        "reads can be a GET. Errors are problem documents, whose code is the same on every surface of the node.",
      license: { name: "MPL-2.0", identifier: "MPL-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }, { cookie: [] }],
    tags: [...services].map((name) => ({ name })),
    paths: { ...Object.fromEntries(paths), ...OTHER_PATHS },
    components: {
      schemas: { ...schemas.all(), Problem: PROBLEM },
      parameters: { store: STORE, timeout: TIMEOUT, lastEventId: LAST_EVENT_ID, encoding: ENCODING },
      responses: {
        Problem: { description: "Why not.", content: { [PROBLEM_TYPE]: { schema: refer("Problem") } } },
      },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "What is in `lattice.token`." },
        cookie: {
          type: "apiKey",
          in: "cookie",
          name: cookieName,
          description: "Comes with a visit of the link that the daemon prints.",
        },
      },
    },
  };
}

function pathOf({ method }: Endpoint): string {
  return `/api/${method.service.typeName}/${method.name}`;
}

function operationsOf(endpoint: Endpoint, schemas: Schemas): object {
  const request = schemas.refer(endpoint.method.I);
  const common = {
    tags: [endpoint.method.service.typeName],
    ...(endpoint.summary === "" ? {} : { summary: endpoint.summary }),
    ...(endpoint.storeTypes === undefined
      ? {}
      : { description: `For stores of ${endpoint.storeTypes.join(", ")}.` }),
    responses: { 200: replyOf(endpoint, schemas), default: { $ref: "#/components/responses/Problem" } },
  };
  const id = `${endpoint.method.service.typeName}.${endpoint.method.name}`;
  return {
    parameters: parametersOf(endpoint),
    post: { operationId: id, ...common, requestBody: { content: messageContent(request) } },
    ...(endpoint.isSafe
      ? { get: { operationId: `${id}.get`, ...common, parameters: queryOf(request) } }
      : {}),
  };
}

function parametersOf({ storeTypes, method }: Endpoint): readonly Schema[] {
  return [
    ...(storeTypes === undefined ? [] : [{ $ref: "#/components/parameters/store" }]),
    { $ref: "#/components/parameters/timeout" },
    ...(method.serverStreaming ? [{ $ref: "#/components/parameters/lastEventId" }] : []),
  ];
}

function queryOf(request: Schema): readonly Schema[] {
  const content = { [MEDIA_TYPES.json]: { schema: request } };
  return [
    { name: "message", in: "query", description: "The request; absent: an empty one.", content },
    { $ref: "#/components/parameters/encoding" },
  ];
}

function replyOf({ method }: Endpoint, schemas: Schemas): object {
  const reply = schemas.refer(method.O);
  if (!method.serverStreaming) return { description: "The answer.", content: messageContent(reply) };
  return {
    description:
      "Events whose data are messages, each with its position as id where the stream can go on from there; the last is `end`, or " +
      "`problem` with a problem document.",
    content: { [EVENT_STREAM]: { schema: { type: "string" } } },
    "x-event-data": reply,
  };
}

function messageContent(schema: Schema): object {
  return {
    [MEDIA_TYPES.json]: { schema },
    [MEDIA_TYPES.binary]: { schema: { type: "string", format: "binary" } },
  };
}

function refer(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

const PROBLEM: Schema = {
  type: "object",
  required: ["title", "status", "code", "detail", "retry"],
  properties: {
    title: { type: "string", description: "What HTTP calls the status." },
    status: { type: "integer", minimum: 400, maximum: 599 },
    code: { type: "string", enum: ERROR_CODES },
    detail: { type: "string", description: "One line: what was wrong and what to do." },
    retry: { type: "boolean", description: "Whether the same call may succeed later." },
    details: { type: "object", additionalProperties: { type: "string" } },
  },
};

const STORE: Schema = {
  name: "store",
  in: "query",
  required: true,
  description: "The store's id, a unique prefix of it, or its name.",
  schema: { type: "string", minLength: 1 },
};

const TIMEOUT: Schema = {
  name: "lattice-timeout-ms",
  in: "header",
  description: "When the caller no longer wants the answer.",
  schema: { type: "integer", minimum: 1 },
};

const LAST_EVENT_ID: Schema = {
  name: "last-event-id",
  in: "header",
  description: "The id of the last event seen: the stream goes on behind it.",
  schema: { type: "string" },
};

const ENCODING: Schema = {
  name: "encoding",
  in: "query",
  description: "Of the message in the query: JSON, or binary in base64url.",
  schema: { type: "string", enum: ["json", "proto"], default: "json" },
};

const DENIED = { $ref: "#/components/responses/Problem" };

const OTHER_PATHS: Schema = {
  "/api/session": {
    get: {
      operationId: "session.check",
      summary: "Whether the caller is let in",
      responses: { 200: { description: "It is." }, default: DENIED },
    },
    post: {
      operationId: "session.begin",
      summary: "Give the browser a cookie, for the token",
      responses: { 204: { description: "It has one now." }, default: DENIED },
    },
    delete: {
      operationId: "session.end",
      summary: "Take the browser's cookie away",
      responses: { 204: { description: "It has none now." }, default: DENIED },
    },
  },
  "/api/openapi.json": {
    get: {
      operationId: "openapi",
      summary: "This document",
      responses: {
        200: { description: "It.", content: { [MEDIA_TYPES.json]: { schema: { type: "object" } } } },
        default: DENIED,
      },
    },
  },
  "/metrics": {
    get: {
      operationId: "metrics",
      summary: "Figures for Prometheus",
      responses: {
        200: {
          description: "In its text format.",
          content: { "text/plain": { schema: { type: "string" } } },
        },
        default: DENIED,
      },
    },
  },
  "/healthz": {
    get: {
      operationId: "health",
      summary: "Whether the node is well",
      security: [],
      responses: {
        200: { description: "It is.", content: { "text/plain": { schema: { type: "string" } } } },
        503: {
          description: "Why not, one line each.",
          content: { "text/plain": { schema: { type: "string" } } },
        },
      },
    },
  },
};
