import { openFront } from "../src/index.ts";
import { describeFront } from "./suite/describe-front.ts";

describeFront("the front over HTTP/2 of its own", openFront, { isStrict: true });
