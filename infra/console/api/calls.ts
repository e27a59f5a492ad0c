import type { ContractCalls } from "./types.ts";
import type { UpcomingCalls } from "./upcoming.ts";

/** Every call of the console, by name. */
export type Calls = ContractCalls & UpcomingCalls;
export type CallName = keyof Calls;
