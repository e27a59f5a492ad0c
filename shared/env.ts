import { z } from "zod";
import { sweepsInTime } from "./access/sweeps-in-time.ts";
import { UserError } from "./errors.ts";
import { queueNames, queueUrlVariable, type QueueName } from "./messages.ts";
import { RERANK_MODELS } from "./reranking/rerank-models.ts";

const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);

const minutes = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, "must be a whole number of minutes from 1 to 9999")
  .transform(Number);

const days = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, "must be a whole number of days from 1 to 9999")
  .transform(Number);

/** `PLAN_QUEUE_URL` and so on: one for each queue. */
const queueUrls = Object.fromEntries(
  queueNames.map((queue) => [queueUrlVariable(queue), z.url().optional()]),
) as Record<ReturnType<typeof queueUrlVariable<QueueName>>, z.ZodOptional<z.ZodURL>>;

/**
 * Every environment variable that functions read, with its default. On AWS variables hold ARNs, not secrets: DATABASE_SECRET_ARN,
 * EMBEDDINGS_SECRET_ARN and TOKEN_KEY_ARN take the place of DATABASE_URL, EMBEDDINGS_API_KEY and TOKEN_KEY_FILE.
 */
export const envSchema = z.object({
  STAGE: z.string().default("local"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),

  DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: "must be the URL of a Postgres server, postgres://USER:PASSWORD@HOST/DATABASE",
    })
    .optional(),
  DATABASE_SECRET_ARN: z.string().optional(),
  DB_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/)
    .default("confluence_sync"),
  DATABASE_MAX_CONNECTIONS: z.coerce.number().int().min(1).max(100).default(1),
  /** `transaction` behind PgBouncer or Supavisor in transaction mode: no prepared statements. */
  DATABASE_POOLER: z.enum(["none", "transaction"]).default("none"),

  ...queueUrls,
  EVENT_BUS_NAME: z.string().optional(),

  /** From the start of one sweep of a source's rights to the start of the next. */
  ACCESS_SWEEP_MINUTES: minutes.default(15),

  /** How long ended operations (`GET /api/progress`) are kept; the last sync and check of each source stay. */
  OPERATION_RETENTION_DAYS: days.default(90),
  /** How long it is kept what ended operations changed (`GET /api/progress/{id}/changes`), no longer than they are. */
  CHANGE_RETENTION_DAYS: days.default(7),
  /** What was read of rights longer ago than this lets nobody see anything. */
  ACCESS_MAX_AGE_HOURS: z.coerce.number().min(0.5).max(24).default(4),
  /** How long sent events are kept; unsent events are kept until they are sent. */
  EVENT_RETENTION_DAYS: days.default(7),

  TOKEN_KEY_ARN: z.string().optional(),
  TOKEN_KEY_FILE: z.string().optional(),

  EMBEDDINGS: z.enum(["local", "openai", "bedrock"]).default("local"),
  EMBEDDINGS_URL: z.url().default("https://api.openai.com/v1"),
  EMBEDDINGS_MODEL: z.string().optional(),
  EMBEDDINGS_DIMENSIONS: z.coerce.number().int().min(1).max(4000).optional(),
  EMBEDDINGS_API_KEY: z.string().optional(),
  EMBEDDINGS_SECRET_ARN: z.string().optional(),
  /** Dollars per million tokens, if the model's list price is not known here or is not what is paid. */
  EMBEDDINGS_TOKEN_PRICE: z.coerce.number().min(0).optional(),
  /** While sources switch to the model above: their previous model (same URL and key). */
  EMBEDDINGS_PREVIOUS: z.enum(["local", "openai", "bedrock"]).optional(),
  EMBEDDINGS_PREVIOUS_MODEL: z.string().optional(),
  EMBEDDINGS_PREVIOUS_DIMENSIONS: z.coerce.number().int().min(1).max(4000).optional(),

  /** `bedrock`: a model of Bedrock orders the best hits of each search anew. */
  RERANK: z.enum(["none", "bedrock"]).default("none"),
  RERANK_MODEL: z.enum(RERANK_MODELS).default(RERANK_MODELS[0]),
  /** Set by Lambda. */
  AWS_REGION: z.string().optional(),

  /** Hosts allowed in a base_url: exact, or a suffix with a leading dot. */
  ALLOWED_HOSTS: list.default([".atlassian.net", "api.atlassian.com"]),
  /** Hosts that signed addresses of attachments may have: exact names. */
  MEDIA_HOSTS: list.default(["api.media.atlassian.com"]),
  /** The function that extracts the text of attachments. */
  EXTRACT_FUNCTION: z.string().optional(),
  /** The function that asks Confluence about the hits of a search. */
  VERIFY_FUNCTION: z.string().optional(),
  /** `local`: pages and pictures of attachments that have no text are read from what they show. */
  OCR: z.enum(["none", "local"]).default("none"),
  /** A folder with Tesseract's data of each language that OCR reads, `eng.traineddata` and so on. */
  OCR_DATA: z.string().default("node_modules/@tesseract.js-data/eng/4.0.0_best_int"),
  /** Local runner only: lets base_url be http and loopback. */
  ALLOW_LOOPBACK: z.stringbool().default(false),
  /** Local runner only: if set, each request must send it as `Authorization: Bearer` or `X-Api-Key`. It has every scope. */
  API_KEY: z.string().min(1).optional(),
  /**
   * Local runner only: a JSON file of further keys, `[{"name", "key" or "sha256", "scopes": []}]`. With either of both each request
   * must send one.
   */
  API_KEYS_FILE: z.string().min(1).optional(),
  /** ARNs of IAM callers that may ask for `visibility: "all"`; none unless set. */
  SEARCH_ALL_CALLERS: list.default([]),
  /** Whose JWTs the gateway takes, for clients that ask where to get one; unset: none. */
  JWT_ISSUER: z.url().optional(),
  /** The claim of a JWT that says whose it is: an account id, or `email`, or `sub`. Unset: the first of those that names an account. */
  IDENTITY_CLAIM: z.string().min(1).optional(),
  /** Origins whose web pages may call the API, separated by commas; none unless set. */
  CORS_ORIGINS: list.default([]),
});

export type Env = z.infer<typeof envSchema>;

/** Parses the environment once; reports all faults in one error that names each variable. */
export function parseEnv(variables: Record<string, string | undefined>): Env {
  const present = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const parsed = envSchema
    .refine((env) => sweepsInTime(env.ACCESS_SWEEP_MINUTES, env.ACCESS_MAX_AGE_HOURS), {
      path: ["ACCESS_SWEEP_MINUTES"],
      message: "must be at most half of ACCESS_MAX_AGE_HOURS, or nobody sees anything between two sweeps",
    })
    .safeParse(present);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new UserError(500, "invalid_environment", `Invalid environment variables: ${faults.join("; ")}`);
}

/** The value of a variable that this function requires. */
export function required<K extends keyof Env>(env: Env, name: K): NonNullable<Env[K]> {
  const value = env[name];
  if (value === undefined || value === null) {
    throw new UserError(500, "invalid_environment", `Environment variable ${name} is missing`);
  }
  return value;
}
