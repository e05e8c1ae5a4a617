export type * from "./call.ts";
export * from "./grpc-error.ts";
export { openFront } from "./http2/open-front.ts";
export { openNativeFront } from "./native/open-native-front.ts";
