export type * from "./call.ts";
export * from "./grpc-error.ts";
export { openNativeFront } from "./native/open-native-front.ts";
