export { decodeInviteToken, encodeInviteToken, type InviteToken } from "./invite-token.ts";
export * from "./limits.ts";
export { mayAdminister, mayWrite, Role, roleFromName, roleName, type RoleSource } from "./roles.ts";
export {
  foldGenesis,
  foldLateSystemOps,
  foldSystemOp,
  isLateSystemOp,
  refold,
  schemaAt,
  SYSTEM_TABLES,
  SystemState,
  type Child,
  type Folded,
  type GenesisAt,
  type InviteState,
  type Member,
  type SystemOpAt,
} from "./system-state.ts";
