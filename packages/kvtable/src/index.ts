export { compareHeads, type Head, type Row } from "./head.ts";
export { SUPERSEDES_COUNT_MAX } from "./limits.ts";
export {
  countKeys,
  countKeysIn,
  isConflicted,
  rangeRows,
  readHeads,
  readRegister,
  readRow,
  type Register,
} from "./read-registers.ts";
export {
  applyWrite,
  openRegisters,
  readRegisters,
  refusalOfWrite,
  registerTables,
  type RegisterChange,
  type RegisterReader,
  type Registers,
  type RegisterWrite,
} from "./registers.ts";
