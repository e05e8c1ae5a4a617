import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headerField } from "../src/hpack/header-field.ts";
import { HpackDecoder } from "../src/hpack/hpack-decoder.ts";
import { blockBytesMax, HpackEncoder } from "../src/hpack/hpack-encoder.ts";
import { decodeHuffman, encodeHuffman, huffmanLength } from "../src/hpack/huffman.ts";
import { CODE_LENGTHS } from "../src/hpack/huffman-code.ts";
import { STATIC_TABLE } from "../src/hpack/static-table.ts";
import {
  naiveHuffman,
  naiveUnhuffman,
  NaiveDecoder,
  NaiveEncoder,
  type Choice,
  type Pair,
} from "./naive-hpack.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/gu, ""), "hex");
const request = (...more: Pair[]): Pair[] => [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "www.example.com"],
  ...more,
];
const first = request();
const second = request(["cache-control", "no-cache"]);
const third: Pair[] = [
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/index.html"],
  [":authority", "www.example.com"],
  ["custom-key", "custom-value"],
];
const response = (status: string, date: string): Pair[] => [
  [":status", status],
  ["cache-control", "private"],
  ["date", `Mon, 21 Oct 2013 20:13:${date} GMT`],
  ["location", "https://www.example.com"],
];
const cookie = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
const lastResponse: Pair[] = [
  [":status", "200"],
  ["cache-control", "private"],
  ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
  ["location", "https://www.example.com"],
  ["content-encoding", "gzip"],
  ["set-cookie", cookie],
];

/** RFC 7541, Appendix C: blocks of one connection, and what they say. */
const conversations: { name: string; table: number; blocks: [string, Pair[]][] }[] = [
  {
    name: "C.2.1",
    table: 4096,
    blocks: [["400a637573746f6d2d6b65790d637573746f6d2d686561646572", [["custom-key", "custom-header"]]]],
  },
  { name: "C.2.2", table: 4096, blocks: [["040c2f73616d706c652f70617468", [[":path", "/sample/path"]]]] },
  { name: "C.2.3", table: 4096, blocks: [["100870617373776f726406736563726574", [["password", "secret"]]]] },
  { name: "C.2.4", table: 4096, blocks: [["82", [[":method", "GET"]]]] },
  {
    name: "C.3",
    table: 4096,
    blocks: [
      ["828684410f7777772e6578616d706c652e636f6d", first],
      ["828684be58086e6f2d6361636865", second],
      ["828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", third],
    ],
  },
  {
    name: "C.4",
    table: 4096,
    blocks: [
      ["828684418cf1e3c2e5f23a6ba0ab90f4ff", first],
      ["828684be5886a8eb10649cbf", second],
      ["828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", third],
    ],
  },
  {
    name: "C.5",
    table: 256,
    blocks: [
      [
        `4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54
         6e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
        response("302", "21"),
      ],
      ["4803333037c1c0bf", response("307", "21")],
      [
        `88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153
         444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31`,
        lastResponse,
      ],
    ],
  },
  {
    name: "C.6",
    table: 256,
    blocks: [
      [
        `488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3`,
        response("302", "21"),
      ],
      ["4883640effc1c0bf", response("307", "21")],
      [
        `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960
         d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007`,
        lastResponse,
      ],
    ],
  },
];

const decoderWith = (tableBytesMax = 4_096) =>
  new HpackDecoder({ tableBytesMax, listBytesMax: 1 << 20, fieldCountMax: 1_000 });

function decode(decoder: HpackDecoder, block: Buffer): Pair[] | undefined {
  return decoder.decode(block, 0, block.length)?.map(({ name, value }): Pair => [name, value]);
}

function encode(encoder: HpackEncoder, pairs: readonly Pair[], isRepeated: boolean): Buffer {
  const fields = pairs.map(([name, value]) => ({ ...headerField(name, value), isRepeated }));
  const target = Buffer.alloc(blockBytesMax(fields));
  return target.subarray(0, encoder.encode(fields, target, 0));
}

describe("the examples of RFC 7541", () => {
  it.each(conversations)("$name are decoded", ({ table, blocks }) => {
    const decoder = decoderWith(table);
    for (const [block, pairs] of blocks) expect(decode(decoder, hex(block))).toEqual(pairs);
  });

  it.each(conversations.filter(({ name }) => name === "C.4"))("$name are encoded", ({ blocks }) => {
    const encoder = new HpackEncoder(4_096);
    for (const [block, pairs] of blocks) expect(encode(encoder, pairs, true)).toEqual(hex(block));
  });

  it("of a number, 1337 in five bits, is read", () => {
    expect(decode(decoderWith(), hex("3f9a0a"))).toEqual([]);
    expect(() => decode(decoderWith(1_336), hex("3f9a0a"))).toThrow(
      "a table of 1337 bytes: 1336 are allowed",
    );
  });
});

describe("Huffman's code", () => {
  it("uses all that there is", () => {
    expect(CODE_LENGTHS.reduce((sum, bits) => sum + 2 ** (30 - bits), 0)).toBe(2 ** 30);
  });

  it("property: is the naive one's, both ways", () => {
    fc.assert(
      fc.property(fc.string({ unit: byteCharacter, maxLength: 60 }), (value) => {
        const bytes = naiveHuffman(value);
        const target = new Uint8Array(400);
        expect(huffmanLength(value)).toBe(bytes.length);
        expect([...target.subarray(3, encodeHuffman(value, target, 3))]).toEqual(bytes);
        const length = decodeHuffman(Uint8Array.from(bytes), 0, bytes.length, target);
        expect(Buffer.from(target).toString("latin1", 0, length)).toBe(value);
      }),
    );
  });

  it("property: any bytes are a string in it, or not, as the naive one says", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 12 }),
        fc.constantFrom([], [0xff], [0x7f], [0xff, 0xff, 0xff, 0xff]),
        (bytes, end) => {
          const source = Uint8Array.from([...bytes, ...end]);
          const target = Buffer.alloc(40);
          const length = decodeHuffman(source, 0, source.length, target);
          expect(length < 0 ? undefined : target.toString("latin1", 0, length)).toBe(
            naiveUnhuffman([...source]),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

const byteCharacter = fc.nat({ max: 255 }).map((byte) => String.fromCharCode(byte));
const anyText = fc.oneof(
  fc.string({ unit: byteCharacter, maxLength: 20 }),
  fc.constantFrom("", "a", "application/grpc", "x".repeat(130), "y".repeat(5_000)),
);
const anyPair = fc.oneof(
  fc.tuple(fc.constantFrom(":path", "grpc-timeout", "x-a", "x-b"), anyText),
  fc.constantFrom<Pair>([":method", "POST"], ["content-type", "application/grpc"], [":status", "200"]),
);

describe("blocks", () => {
  it("property: of our encoder say the same to the naive decoder", () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ pairs: fc.array(anyPair, { maxLength: 8 }), isRepeated: fc.boolean() }),
      },
      {
        weight: 1,
        arbitrary: fc.array(fc.constantFrom(0, 40, 100, 4_096, 10_000), { minLength: 1, maxLength: 3 }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const encoder = new HpackEncoder(4_096);
        const decoder = new NaiveDecoder();
        const ours = decoderWith();
        let bytesMax = 4_096;
        for (const each of steps) {
          if (Array.isArray(each)) {
            for (const size of each) encoder.limitTable(size);
            bytesMax = Math.min(each.at(-1)!, 4_096);
            continue;
          }
          const block = encode(encoder, each.pairs, each.isRepeated);
          expect(decoder.decode(block)).toEqual(each.pairs);
          expect(decode(ours, block)).toEqual(each.pairs);
          expect(decoder.size).toBe(bytesMax);
        }
      }),
    );
  });

  it("property: of a naive encoder that says things in any way are read by our decoder", () => {
    const choice: fc.Arbitrary<Choice> = fc.record({
      pair: anyPair,
      way: fc.constantFrom("indexed", "kept", "plain", "never"),
      huffman: fc.boolean(),
    });
    const step = fc.record({
      resize: fc.option(fc.constantFrom(0, 64, 200, 4_096), { freq: 6 }),
      choices: fc.array(choice, { maxLength: 10 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const encoder = new NaiveEncoder();
        const decoder = decoderWith();
        for (const { resize, choices } of steps) {
          const size = resize === null ? Buffer.alloc(0) : encoder.resize(resize);
          const block = Buffer.concat([size, encoder.encode(choices)]);
          expect(decode(decoder, block)).toEqual(choices.map(({ pair }) => pair));
        }
      }),
    );
  });

  it("the same fields are the same few bytes from the second time on", () => {
    const encoder = new HpackEncoder(4_096);
    const pairs: Pair[] = [
      [":status", "200"],
      ["content-type", "application/grpc"],
    ];
    expect(encode(encoder, pairs, true).length).toBeGreaterThan(2);
    expect(encode(encoder, pairs, true)).toEqual(hex("88be"));
  });
});

describe("a block that is none", () => {
  it.each([
    ["80", "there is no field 0"],
    ["be", "there is no field 62"],
    ["7f80", "a block that ends within a field"],
    ["40", "a block that ends within a field"],
    ["4003", "a string that is longer than its block"],
    ["0001780584", "a string that is longer than its block"],
    ["ffffffffff7f", "a number that is too large"],
    ["ff8080808080808080", "a number that is too large"],
    // Eight bits that are the end's beginning, another padding than ones, the end itself.
    ["000178821fff", "a string that is not in Huffman's code"],
    ["0001788118", "a string that is not in Huffman's code"],
    ["00017884ffffffff", "a string that is not in Huffman's code"],
    ["823f9a0a", "a change of the table's size behind a field"],
    ["3fe21f", "a table of 4097 bytes: 4096 are allowed"],
  ])("%s is refused", (block, message) => {
    expect(() => decode(decoderWith(), hex(block))).toThrow(message);
  });
});

describe("the list's limits", () => {
  const limited = new HpackDecoder({ tableBytesMax: 4_096, listBytesMax: 200, fieldCountMax: 4 });

  it("hold back fields that are too many, and the table goes on", () => {
    const encoder = new NaiveEncoder();
    const kept = (pair: Pair): Choice => ({ pair, way: "kept", huffman: false });
    const indexed = (pair: Pair): Choice => ({ pair, way: "indexed", huffman: false });
    const pairs = ["a", "b", "c", "d", "e"].map((name): Pair => [name, ""]);
    expect(decode(limited, encoder.encode(pairs.map(kept)))).toBeUndefined();
    expect(decode(limited, encoder.encode(pairs.slice(0, 4).map(indexed)))).toEqual(pairs.slice(0, 4));
    expect(decode(limited, encoder.encode([kept(["large", "x".repeat(200)])]))).toBeUndefined();
    expect(decode(limited, encoder.encode([indexed(["e", ""])]))).toEqual([["e", ""]]);
  });

  it("hold for a block that names one large field many times", () => {
    const encoder = new NaiveEncoder();
    const pair: Pair = ["x", "y".repeat(4_000)];
    const large = new HpackDecoder({ tableBytesMax: 4_096, listBytesMax: 32_768, fieldCountMax: 128 });
    expect(decode(large, encoder.encode([{ pair, way: "kept", huffman: false }]))).toEqual([pair]);
    expect(decode(large, Buffer.alloc(30_000, 0xbe))).toBeUndefined();
  });
});

it("the static table has the 61 fields of the RFC", () => {
  expect(STATIC_TABLE.length).toBe(61);
  expect([1, 8, 16, 31, 61].map((index) => STATIC_TABLE[index - 1]!.name)).toEqual([
    ":authority",
    ":status",
    "accept-encoding",
    "content-type",
    "www-authenticate",
  ]);
});
