import type { z } from "zod";
import { UserError } from "#shared/errors.ts";
import type { AskedReader } from "#functions/api/use-cases/permitted-reading.ts";
import type { Caller } from "#functions/runtime/caller.ts";
import type { Services } from "#functions/runtime/services.ts";

export type ToolServices = Pick<
  Services,
  "sql" | "embedder" | "reranker" | "hitVerifier" | "log" | "env" | "now" | "newId"
>;

/** Who calls, and for whom: of the connection, never an argument that a model fills in. */
export type ToolContext = { services: ToolServices; caller: Caller; asked: AskedReader };

/** What a call's log line says of it beside its name and time: never what was asked. */
export type ToolLog = { results?: number; account_id?: string | null; permissions?: string; code?: string };

export type ToolResult<Output> = { structured: Output; text: string; log?: ToolLog };

export type Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> = {
  name: string;
  title: string;
  description: string;
  /** Flat, strict; every field described. */
  input: Input;
  output: Output;
  /** Throws `UserError` with a message that says what to send instead. */
  run(args: z.output<Input>, context: ToolContext): Promise<ToolResult<z.input<Output>>>;
};

/** Ties the types of a tool's parts together. */
export const defineTool = <Input extends z.ZodObject, Output extends z.ZodObject>(
  tool: Tool<Input, Output>,
): Tool<Input, Output> => tool;

/** A result of `tools/call`. */
export type CalledTool = {
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
};

/** What a model is told of a failure that is not its own; the log has the rest. */
const FAILED = "The index could not be searched; try again";

/** What the URL of a connection that names nobody lacks. */
export const NAMES_NOBODY = "the connection's URL needs ?on_behalf_of=EMAIL, or a token of the person's own";

/** What only whoever set up the connection can change: a model has no argument for it. */
const OF_CONNECTION: Partial<Record<string, string>> = {
  identity_required: `This index shows each person what they may see in Confluence, and the connection does not say for whom it reads. Tell the user: ${NAMES_NOBODY}`,
  unknown_identity:
    "The person that this connection reads for has no active account on the Confluence site. Tell the user: no other arguments help",
};

/** What a model is told of an error that the caller can fix. */
export const remedyOf = ({ code, message }: UserError): string => OF_CONNECTION[code] ?? message;

/**
 * Calls a tool. What the caller can fix is a result that says how, so that a model reads it; what it cannot is one that names no
 * internals. Never throws.
 */
export async function callTool(tool: Tool, args: unknown, context: ToolContext): Promise<CalledTool> {
  const { log } = context.services;
  const line = { tool: tool.name, actor: context.caller.actor || undefined };
  const started = performance.now();
  const duration = () => ({ duration_ms: Math.round(performance.now() - started) });
  try {
    const result = await tool.run(parseArguments(tool, args), context);
    const structuredContent = tool.output.parse(result.structured);
    log.info("tool.completed", { ...line, ...result.log, ...duration() });
    return { content: [{ type: "text", text: result.text }], structuredContent };
  } catch (error) {
    // A 500 is about the service's own configuration, which the client must not see.
    const known = error instanceof UserError && error.status !== 500 ? error : null;
    if (known && known.status < 500) log.info("tool.completed", { ...line, code: known.code, ...duration() });
    else log.error("tool.failed", { ...line, ...duration(), error });
    const text = known ? remedyOf(known) : FAILED;
    return { content: [{ type: "text", text }], isError: true };
  }
}

/** Models fill in optional arguments with null or nothing. */
function withoutBlanks(args: unknown): unknown {
  if (typeof args !== "object" || args === null || Array.isArray(args)) return args ?? {};
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null && value !== ""));
}

/** Throws `UserError` that names each argument at fault, and those that the tool takes. */
function parseArguments<Input extends z.ZodObject>({ name, input }: Tool<Input>, args: unknown) {
  const parsed = input.safeParse(withoutBlanks(args));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) =>
    issue.code === "unrecognized_keys"
      ? `unknown argument ${issue.keys.map((key) => JSON.stringify(key.slice(0, 100))).join(", ")}`
      : `${issue.path.join(".") || "arguments"}: ${issue.message}`,
  );
  const taken = Object.entries(input.shape).map(([key, field]) =>
    field.safeParse(undefined).success ? `${key}?` : key,
  );
  throw new UserError(
    400,
    "invalid_request",
    `Invalid arguments: ${faults.slice(0, 10).join("; ")}. Call ${name} with ${taken.length > 0 ? taken.join(", ") : "no arguments"}`,
  );
}
