import { openNativeFront } from "../src/index.ts";
import { describeFront } from "./suite/describe-front.ts";

describeFront("the front over node:http2", openNativeFront, { isStrict: false });
