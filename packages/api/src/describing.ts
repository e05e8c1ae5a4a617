/** How services describe themselves; by itself, for servers that are no node. */
export { SUMMARY_OPTION } from "./descriptors/custom-options.ts";
export { describeService } from "./descriptors/describe-service.ts";
