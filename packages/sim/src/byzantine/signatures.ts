/** Signatures that nobody made, or that are written in a way that nobody may write them. */
import { fromHex, SIGNATURE_BYTES, signIntention, type PubKey, type Signer } from "@lattice/model";
import { Role } from "@lattice/systemstore";
import type { Forgery } from "./forger.ts";
import type { Attacks, Liar } from "./liar.ts";
import { UNAUTHORISED } from "./marks.ts";

/** The order of the base point: S and S + L are the same scalar, of which only the first counts. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Points of small order, two of them written as they must not be: anybody can sign for these (ZIP 215). */
const SMALL_ORDER = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0100000000000000000000000000000000000000000000000000000000000080",
].map((hex) => fromHex(hex)!);

export const SIGNATURES: Attacks = {
  "an honest author's name under what it has not written": async (liar) => {
    const author = nameOf(liar);
    const own = liar.forger.forge();
    const signatures: (Uint8Array | "none")[] = [
      liar.random.bytes(SIGNATURE_BYTES),
      new Uint8Array(SIGNATURE_BYTES),
      own.signature!,
      anotherOf(liar, author) ?? liar.random.bytes(SIGNATURE_BYTES),
      liar.random.bytes(SIGNATURE_BYTES - 1),
      "none",
    ];
    for (const signature of signatures) {
      const ops = liar.forger.write(UNAUTHORISED);
      const forged = liar.forger.forge({ signer: author, ops, signature });
      liar.forbid(forged);
      await liar.send([forged], liar.victim, 200);
    }
  },

  "the liar's own voucher for another's": async (liar) => {
    const author = nameOf(liar);
    const ops = liar.forger.write(UNAUTHORISED);
    const forged = liar.forger.forge({ signer: author, ops, signature: "none" });
    const { id, seq } = forged.intention;
    const voucher = liar.forger.forge({ prev: { id, seq } });
    liar.forbid(forged, voucher);
    await liar.send([forged, voucher]);
  },

  "a signature written in another way": async (liar) => {
    const good = liar.forger.forge({ ops: liar.forger.write(UNAUTHORISED) });
    liar.forbid(good);
    const [r, s] = [good.signature!.subarray(0, 32), good.signature!.subarray(32)];
    for (const times of [1n, 2n, 7n, 15n]) await sendSigned(liar, good, join(r, plus(s, times * ORDER)));
    for (const point of SMALL_ORDER) await sendSigned(liar, good, join(point, s));
    const other = new Uint8Array(good.signature!);
    other[31]! ^= 0x80;
    await sendSigned(liar, good, other);
  },

  "keys of small order": async (liar) => {
    const made: Forgery[] = [];
    for (const key of SMALL_ORDER) {
      const signer = { publicKey: key as PubKey, sign: () => join(liar.random.pick(SMALL_ORDER)) };
      if (liar.isAdmin) {
        const admit = { member: key, role: Role.WRITER, secretHash: new Uint8Array(0), name: UNAUTHORISED };
        made.push(liar.forger.forge({ ops: liar.forger.system({ oneofKind: "admit", admit }) }));
      }
      const written = liar.forger.forge({ signer, ops: liar.forger.write(UNAUTHORISED) });
      liar.forbid(written);
      made.push(written);
    }
    for (const each of made) await liar.send([each], liar.victim, 100);
  },

  "too many wrong signatures in one batch": async (liar) => {
    const signature = liar.random.bytes(SIGNATURE_BYTES);
    const wrong = Array.from({ length: 200 }, () =>
      liar.forger.forge({ ops: liar.forger.write(UNAUTHORISED), signature }),
    );
    liar.forbid(...wrong);
    for (let session = 0; session < 3; session++) await liar.send(wrong, liar.victim, 200);
  },
};

/** The name of somebody honest, and no key to it. */
function nameOf(liar: Liar): Signer {
  const { key } = liar.random.pick(liar.victims);
  return { publicKey: key, sign: () => liar.random.bytes(SIGNATURE_BYTES) };
}

/** A signature that the author really made, of something else. */
function anotherOf(liar: Liar, { publicKey }: Signer): Uint8Array | undefined {
  const { log } = liar.store;
  for (const { wseq } of log.chain(publicKey, 1)) {
    const { signature } = log.at(wseq);
    if (signature !== undefined) return signature;
  }
  // What it signed for another use of its key stands in for one.
  return signIntention(liar.signer, log.at(1).intention.hash);
}

async function sendSigned(liar: Liar, forgery: Forgery, signature: Uint8Array): Promise<void> {
  await liar.send([{ ...forgery, signature }], liar.victim, 100);
}

function join(r: Uint8Array, s: Uint8Array = new Uint8Array(32)): Uint8Array {
  const out = new Uint8Array(SIGNATURE_BYTES);
  out.set(r);
  out.set(s, 32);
  return out;
}

function plus(scalar: Uint8Array, value: bigint): Uint8Array {
  let sum = [...scalar].reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n) + value;
  return Uint8Array.from({ length: 32 }, () => {
    const byte = Number(sum & 0xffn);
    sum >>= 8n;
    return byte;
  });
}
