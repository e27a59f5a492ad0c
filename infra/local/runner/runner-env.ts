import { join, resolve } from "node:path";
import { z } from "zod";
import { parseEnv, type Env } from "#shared/env.ts";
import { UserError } from "#shared/errors.ts";

export type Variables = Record<string, string | undefined>;

const settingsSchema = z.object({
  /** 0: any free port. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  DATA_DIR: z.string().default(".data"),
});

/** The variables that `npm start` itself reads, besides the functions' environment. Throws `UserError` (`invalid_environment`). */
export function parseSettings(variables: Variables): { port: number; dataDir: string } {
  const parsed = settingsSchema.safeParse(withoutEmpty(variables));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new UserError(500, "invalid_environment", `Invalid environment variables: ${faults.join("; ")}`);
  }
  return { port: parsed.data.PORT, dataDir: resolve(parsed.data.DATA_DIR) };
}

/** Connections to a real server: two for each running page worker, and some for the API. */
const SERVER_CONNECTIONS = "12";

/** The functions' environment on one machine: the given variables, with defaults for one machine. */
export function localEnv(variables: Variables, stateFolder: string): Env {
  const env = parseEnv({
    ALLOW_LOOPBACK: "true",
    TOKEN_KEY_FILE: join(stateFolder, "token.key"),
    DATABASE_MAX_CONNECTIONS: SERVER_CONNECTIONS,
    ...withoutEmpty(variables),
  });
  const usesOpenAi = env.EMBEDDINGS === "openai" || env.EMBEDDINGS_PREVIOUS === "openai";
  if (usesOpenAi && !env.EMBEDDINGS_API_KEY && !withoutEmpty(variables).EMBEDDINGS_URL) {
    throw new UserError(
      500,
      "invalid_environment",
      "EMBEDDINGS=openai needs EMBEDDINGS_API_KEY, or EMBEDDINGS_URL of a compatible server that needs no key",
    );
  }
  return env;
}

function withoutEmpty(variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
}
