import { daemon } from "@lattice/proto";
import { escapeText } from "./text.ts";

/** "" where there is nothing to tell. */
export function progressText({ stage, store, intentionCount }: daemon.JoinProgress): string {
  switch (stage) {
    case daemon.JoinProgress_Stage.CONNECTING:
      return "connecting";
    case daemon.JoinProgress_Stage.ADMITTED:
      return "admitted";
    case daemon.JoinProgress_Stage.SYNCING:
      return `syncing, ${intentionCount} intentions so far`;
    case daemon.JoinProgress_Stage.DONE:
      return `joined ${escapeText(store?.name ?? "")}, ${intentionCount} intentions`.replace(
        "joined ,",
        "joined,",
      );
    default:
      return "";
  }
}
