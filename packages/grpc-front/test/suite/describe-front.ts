/** What every front does, whoever the client is. */
import { describe } from "vitest";
import type { OpenFront } from "../../src/index.ts";
import { describeClosing } from "./describe-closing.ts";
import { describeHeads } from "./describe-heads.ts";
import { describeStreams } from "./describe-streams.ts";
import { describeTls } from "./describe-tls.ts";
import { describeUnary } from "./describe-unary.ts";
import { describeWire, type WireOptions } from "./describe-wire.ts";

export function describeFront(name: string, open: OpenFront, options: WireOptions): void {
  describe(name, () => {
    describeUnary(open);
    describeStreams(open);
    describeHeads(open);
    describeWire(open, options);
    describeTls(open);
    describeClosing(open);
  });
}
