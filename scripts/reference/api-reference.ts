/** The API in full, as Markdown, from the descriptors that `buf` makes of the protos, comments included. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import {
  readOptions,
  FIELD_OPTIONS,
  METHOD_OPTIONS,
  HELP_OPTION,
  SUMMARY_OPTION,
} from "../../packages/api/src/descriptors/custom-options.ts";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorSet,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
} from "../../packages/proto/src/gen/google/protobuf/descriptor.ts";
import { root } from "../run.ts";
import { escapeCell, table } from "./markdown.ts";

/** In the order in which they are shown. */
const PROTOS = [
  "lattice/daemon/v1/daemon.proto",
  "lattice/kvstore/v1/kvstore.proto",
  "lattice/logstore/v1/logstore.proto",
] as const;

/** Numbers of fields in descriptor.proto, which make up the path of a comment. */
const MESSAGE = 4;
const ENUM = 5;
const SERVICE = 6;
const OF_MESSAGE = { field: 2, nested: 3, enum: 4 } as const;
const OF_SERVICE = { method: 2 } as const;
const OF_ENUM = { value: 2 } as const;

export function apiReference(): string {
  const files = descriptors();
  return [
    "# API",
    "",
    "Made by `pnpm generate` from the protos. How a node is reached is told in [packages/api](../../packages/api/README.md):",
    "gRPC on the socket of its data directory, or a client in the same process; both have the same methods. `store` in a",
    "request is a full id, a unique prefix of one, or a name.",
    "",
    "A call that fails has a code of [@lattice/model](../../packages/model/src/errors.ts) and one line that says what to do.",
    ...PROTOS.flatMap((name) => fileSection(files.find((file) => file.name === name)!)),
    "",
  ].join("\n");
}

function descriptors(): readonly FileDescriptorProto[] {
  const buf = join(root, "node_modules/.bin/buf");
  const { status, stdout, stderr } = spawnSync(buf, ["build", "--as-file-descriptor-set", "-o", "-"], {
    cwd: root,
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`buf has failed: ${String(stderr)}`);
  return FileDescriptorSet.fromBinary(stdout).file;
}

function fileSection(file: FileDescriptorProto): string[] {
  const comments = new Comments(file);
  const within = prefixOf(file.package!.split(".")[1]!);
  return [
    "",
    `## ${file.package}`,
    "",
    `[${file.name}](../../proto/${file.name})`,
    ...file.service.flatMap(({ name, method }, service) => [
      "",
      `### ${name}`,
      ...said(comments.at(SERVICE, service)),
      "",
      ...table(
        ["method", "what"],
        method.map(({ name: called, inputType, outputType, serverStreaming, options }, index) => {
          const summary = readOptions(options, METHOD_OPTIONS)?.[SUMMARY_OPTION];
          const comment = comments.at(SERVICE, service, OF_SERVICE.method, index);
          return [
            `**${called}**(${typeLink(inputType!)}) → ${serverStreaming === true ? "stream of " : ""}${typeLink(outputType!)}`,
            escapeCell([summary, comment].filter(Boolean).join(". ")),
          ];
        }),
      ),
    ]),
    ...file.messageType.flatMap((message, index) =>
      messageSection(message, { comments, path: [MESSAGE, index], within }),
    ),
    ...file.enumType.flatMap((each, index) => enumSection(each, { comments, path: [ENUM, index], within })),
  ];
}

interface Place {
  readonly comments: Comments;
  readonly path: readonly number[];
  /** The messages around it, with dots. */
  readonly within: string;
}

function messageSection(message: DescriptorProto, { comments, path, within }: Place): string[] {
  if (message.options?.mapEntry === true) return [];
  const name = within + message.name!;
  const nested = { comments, within: `${name}.` };
  return [
    "",
    `### ${name}`,
    ...said(comments.at(...path)),
    "",
    ...(message.field.length === 0 ? ["Empty."] : fieldTable(message, comments, path)),
    ...message.enumType.flatMap((each, index) =>
      enumSection(each, { ...nested, path: [...path, OF_MESSAGE.enum, index] }),
    ),
    ...message.nestedType.flatMap((each, index) =>
      messageSection(each, { ...nested, path: [...path, OF_MESSAGE.nested, index] }),
    ),
  ];
}

function fieldTable(message: DescriptorProto, comments: Comments, path: readonly number[]): string[] {
  return table(
    ["field", "type", "what"],
    message.field.map((field, index) => {
      const help = readOptions(field.options, FIELD_OPTIONS)?.[HELP_OPTION];
      const comment = comments.at(...path, OF_MESSAGE.field, index);
      return [
        `\`${field.name}\` = ${field.number}`,
        fieldType(field, message),
        escapeCell(comment || String(help ?? "")),
      ];
    }),
  );
}

function fieldType(field: FieldDescriptorProto, message: DescriptorProto): string {
  const entry = message.nestedType.find(
    (each) => each.options?.mapEntry === true && field.typeName?.endsWith(`.${each.name}`) === true,
  );
  if (entry !== undefined) return `map of ${entry.field.map((each) => bareType(each)).join(" to ")}`;
  if (field.label === Label.REPEATED) return `repeated ${bareType(field)}`;
  return field.proto3Optional === true ? `optional ${bareType(field)}` : bareType(field);
}

function bareType(field: FieldDescriptorProto): string {
  if (field.type === Type.MESSAGE || field.type === Type.ENUM) return typeLink(field.typeName!);
  return Type[field.type!].toLowerCase();
}

/** Within this page, to the heading that the type has; what has none is only named. */
function typeLink(fullName: string): string {
  const [, part, name] = /^\.lattice\.([a-z]+)\.v1\.(.+)$/.exec(fullName) ?? [];
  if (part === undefined || name === undefined) return fullName.replace(/^\./, "");
  const heading = prefixOf(part) + name;
  return `[${name}](#${heading.toLowerCase().replaceAll(".", "")})`;
}

/** Several packages have a message of one name; those of the daemon are meant where nothing is said. */
function prefixOf(part: string): string {
  return part === "daemon" ? "" : `${part}.`;
}

function enumSection({ name, value }: EnumDescriptorProto, { comments, path, within }: Place): string[] {
  return [
    "",
    `### ${within}${name}`,
    ...said(comments.at(...path)),
    "",
    ...table(
      ["value", "what"],
      value.map((each, index) => [
        `\`${each.name}\` = ${each.number}`,
        escapeCell(comments.at(...path, OF_ENUM.value, index)),
      ]),
    ),
  ];
}

function said(comment: string): string[] {
  return comment === "" ? [] : ["", comment];
}

/** What stands above a declaration, or behind it on its line. */
class Comments {
  readonly #byPath = new Map<string, string>();

  constructor(file: FileDescriptorProto) {
    for (const { path, leadingComments, trailingComments } of file.sourceCodeInfo?.location ?? []) {
      const text = (leadingComments ?? trailingComments ?? "").trim().replaceAll(/\s*\n\s*/g, " ");
      this.#byPath.set(path.join("."), text);
    }
  }

  at(...path: readonly number[]): string {
    return this.#byPath.get(path.join(".")) ?? "";
  }
}
