/** What it takes to use a node that runs elsewhere, without the parts of one: for a command that must answer at once. */
export { messageTypesOf } from "./descriptors/message-types-of.ts";
export { connect } from "./remote-client.ts";
