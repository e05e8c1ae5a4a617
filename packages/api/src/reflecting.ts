/** What a client learns of store types that it was not built with. Nothing here needs Node: a browser can load it. */
export { HELP_OPTION, NAMED_OPTION, SUMMARY_OPTION } from "./descriptors/custom-options.ts";
export { messageTypesOf, type MessageTypes } from "./descriptors/message-types-of.ts";
