import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { CALLER_SCOPES, type CallerScope } from "#functions/runtime/caller.ts";
import { UserError } from "#shared/errors.ts";
import type { Env } from "#shared/env.ts";

/** A key that requests may carry. */
export type ApiKey = { name: string; sha256: string; scopes: readonly CallerScope[] };

/** Names that are not a file's to give. */
const API_KEY_NAME = "API_KEY";
/** Whoever calls a service on loopback that has no keys. */
export const LOCAL_CALLER = { name: "local", scopes: CALLER_SCOPES } as const;

/** Shorter ones are guessed. */
const KEY_LENGTH = 16;

const fileSchema = z
  .array(
    z
      .strictObject({
        name: z
          .string()
          .regex(/^[A-Za-z0-9._-]{1,64}$/, "must be 1 to 64 letters, digits, dots, dashes or underscores")
          .refine((name) => name !== API_KEY_NAME && name !== LOCAL_CALLER.name, "is reserved"),
        key: z
          .string()
          .regex(/^[\x21-\x7e]+$/, "must be visible ASCII characters")
          .min(KEY_LENGTH)
          .optional(),
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/i, "must be 64 hexadecimal digits")
          .toLowerCase()
          .optional(),
        scopes: z.array(z.enum(CALLER_SCOPES)).min(1),
      })
      .refine(({ key, sha256 }) => (key === undefined) !== (sha256 === undefined), {
        error: "needs either `key` or `sha256`",
      })
      .transform(({ name, key, sha256, scopes }) => ({ name, scopes, sha256: sha256 ?? digest(key ?? "") })),
  )
  .min(1)
  .refine((keys) => new Set(keys.map(({ name }) => name)).size === keys.length, "two keys have one name")
  .refine((keys) => new Set(keys.map(({ sha256 }) => sha256)).size === keys.length, "two names have one key");

/**
 * The keys of `API_KEY`, which has every scope, and of `API_KEYS_FILE`; none when neither is set. Throws `UserError`
 * (`invalid_environment`) that names the file and every fault in it, and no key.
 */
export function readApiKeys(env: Pick<Env, "API_KEY" | "API_KEYS_FILE">): ApiKey[] {
  const own =
    env.API_KEY === undefined
      ? []
      : [{ name: API_KEY_NAME, sha256: digest(env.API_KEY), scopes: CALLER_SCOPES }];
  return [...own, ...(env.API_KEYS_FILE === undefined ? [] : keysOfFile(env.API_KEYS_FILE))];
}

function keysOfFile(path: string): ApiKey[] {
  const invalid = (fault: string, cause?: unknown) =>
    new UserError(500, "invalid_environment", `API_KEYS_FILE ${path}: ${fault}`, { cause });
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw invalid("cannot be read", error);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's message quotes the file.
    throw invalid('is not JSON: write [{"name": "chat", "key": "…", "scopes": ["search"]}]');
  }
  const parsed = fileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${["keys", ...issue.path].join(".")}: ${issue.message}`);
  throw invalid(faults.join("; "));
}

function digest(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
