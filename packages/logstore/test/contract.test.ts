import { utf8 } from "@lattice/model";
import { describeStore } from "@lattice/testkit";
import fc from "fast-check";
import { CONTENT_BYTES_MAX, logstore } from "@lattice/logstore";

const content = fc.oneof(
  { weight: 9, arbitrary: fc.nat(9).map((number) => utf8(`${number}`)) },
  { weight: 1, arbitrary: fc.constant(new Uint8Array(CONTENT_BYTES_MAX + 1)) },
);

describeStore(logstore, { ops: fc.record({ content }) });
