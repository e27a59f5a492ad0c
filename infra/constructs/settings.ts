import { z } from "zod";
import { sweepsInTime } from "#shared/access/sweeps-in-time.ts";
import { RERANK_MODELS } from "#shared/reranking/rerank-models.ts";

/** Context is text from the command line (`-c key=value`) and JSON from cdk.json. */
const flag = z.union([z.boolean(), z.stringbool()]);
const list = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(",").map((item) => item.trim()))])
  .transform((items) => items.filter((item) => item !== ""));
const arn = (service: string) =>
  z.string().regex(new RegExp(`^arn:aws[a-z-]*:${service}:`), `an ARN of ${service}`);

/** Secrets Manager adds six characters to a name; a policy for an ARN without them matches nothing. */
const secretArn = arn("secretsmanager").regex(
  /-[A-Za-z0-9]{6}$/,
  "a complete ARN, with the six characters at its end",
);

const days = z.coerce
  .string()
  .regex(/^[1-9]\d{0,3}$/, "a whole number of days from 1 to 9999")
  .transform(Number);

/** Models that bedrock-embedder.ts supports, by their own name: an inference profile is a different resource. */
const BEDROCK_MODEL = /^(amazon\.titan-embed-text-v2|cohere\.embed-)/;

/** Common retentions that CloudWatch Logs accepts, in days. */
const RETENTIONS = [7, 14, 30, 60, 90, 180, 365] as const;

const settingsSchema = z
  .strictObject({
    /** Part of every name, so that several stages fit in one account. */
    stage: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,19}$/)
      .default("dev"),

    /** `secret`: an existing Postgres by the secret of its URL. `aurora`: one created by this stack, in its own VPC. */
    database: z.enum(["secret", "aurora"]).default("secret"),
    /** Absent: parameter DatabaseUrlArn at deployment. */
    databaseSecretArn: secretArn.optional(),
    /** The customer managed key that encrypts these secrets, where they do not use Secrets Manager's own. */
    secretsKeyArn: arn("kms").optional(),
    /** The signer of the database's certificate, if its secret has no `ca`: a public authority, or Amazon's own (RDS). */
    databaseAuthority: z.enum(["public", "amazon"]).default("public"),
    databaseSchema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/)
      .default("confluence_sync"),
    /** `transaction` behind PgBouncer or Supavisor in transaction mode. */
    databasePooler: z.enum(["none", "transaction"]).default("none"),
    /** Connections that the database can give to this service; the sum of all functions' must stay within it. */
    databaseConnections: z.coerce.number().int().min(1).default(100),
    auroraMinAcu: z.coerce.number().min(0).max(256).default(0.5),
    auroraMaxAcu: z.coerce.number().min(1).max(256).default(4),

    embeddings: z.enum(["bedrock", "openai"]).default("bedrock"),
    embeddingsModel: z.string().default("amazon.titan-embed-text-v2:0"),
    embeddingsDimensions: z.coerce.number().int().min(1).max(4000).optional(),
    /** Of an OpenAI-compatible service. */
    embeddingsUrl: z.url().optional(),
    embeddingsSecretArn: secretArn.optional(),
    /** Dollars per million tokens, if the model's list price (shared/embeddings/token-prices.ts) is unknown or not what is paid. */
    embeddingsTokenPrice: z.coerce.number().min(0).optional(),
    /** Embedding costs within a day above which an alarm is raised. A first sync costs some $0.04 for each 1,000 pages. */
    embeddingsDollarsPerDay: z.coerce.number().positive().default(5),
    /** While sources switch to another model: their previous model (same URL and key). */
    embeddingsPrevious: z.enum(["bedrock", "openai"]).optional(),
    embeddingsPreviousModel: z.string().optional(),
    embeddingsPreviousDimensions: z.coerce.number().int().min(1).max(4000).optional(),

    /** `bedrock`: each search sends its query and best hits to this model of Bedrock, which orders them anew. */
    rerank: z.enum(["none", "bedrock"]).default("none"),
    rerankModel: z.enum(RERANK_MODELS).default(RERANK_MODELS[0]),

    /** `local`: scans and pictures among the attachments are read by OCR, in the function that extracts their text. */
    ocr: z.enum(["none", "local"]).default("none"),

    /** Both: routes take JWTs of this issuer. Neither: SigV4 (IAM). */
    jwtIssuer: z.url().optional(),
    jwtAudience: list.optional(),
    /** The claim of a JWT that says whose it is: an account id, or `email`, or `sub`. Absent: the first that names an account. */
    identityClaim: z.string().min(1).optional(),
    /** IAM callers (users or roles) that may search everything, whoever may see it; none by default. */
    searchAllCallers: z
      .union([
        z.array(z.string()),
        z.string().transform((text) => text.split(",").map((item) => item.trim())),
      ])
      .pipe(z.array(z.string().regex(/^arn:aws[a-z-]*:(iam|sts)::\d{12}:/, "an ARN of an IAM user or role")))
      .optional(),
    /** Maximum age of permission data in hours; older data grants no access. */
    accessMaxAgeHours: z.coerce.number().min(0.5).max(24).default(4),
    /** Minutes from the start of one reading of who may see what to the next, for sources that carry rights over; evidence gets old after `accessMaxAgeHours`. */
    accessSweepMinutes: z.coerce.number().int().min(1).max(240).default(15),
    /** Browser origins that may call the API; none by default. */
    corsOrigins: list.default([]),
    requestsPerSecond: z.coerce.number().int().min(1).default(50),

    /** Hosts allowed in a base_url; absent: Confluence Cloud's. */
    allowedHosts: list.optional(),
    /** Hosts that serve the bytes of attachments; absent: Atlassian's. */
    mediaHosts: list.optional(),

    /** Days that ended operations, what they changed, and sent events stay in the database; the last sync and check of each source always do. */
    operationRetentionDays: days.default(90),
    changeRetentionDays: days.default(7),
    eventRetentionDays: days.default(7),

    /** The topic for alarms. Absent: one is created. */
    alarmTopicArn: arn("sns").optional(),
    logRetentionDays: z.coerce.number().pipe(z.literal(RETENTIONS)).default(30),
    /** No quieter than info: alarms count info lines. */
    logLevel: z.enum(["debug", "info"]).default("info"),
    /** False if the account's Lambda limit leaves no room for reserved concurrency (new accounts have 10). */
    reserveConcurrency: flag.default(true),
  })
  .refine(
    ({ accessSweepMinutes, accessMaxAgeHours }) => sweepsInTime(accessSweepMinutes, accessMaxAgeHours),
    {
      message: "evidence would be too old before it is read again: at most half of accessMaxAgeHours",
      path: ["accessSweepMinutes"],
    },
  )
  .refine((settings) => (settings.jwtIssuer === undefined) === (settings.jwtAudience === undefined), {
    message: "jwtIssuer and jwtAudience come together",
    path: ["jwtAudience"],
  })
  .refine((settings) => !usesOpenai(settings) || settings.embeddingsSecretArn !== undefined, {
    message: "an OpenAI-compatible service needs embeddingsSecretArn",
    path: ["embeddingsSecretArn"],
  })
  .refine((settings) => settings.embeddings !== "openai" || !settings.embeddingsModel.startsWith("amazon."), {
    message: "embeddings=openai needs embeddingsModel",
    path: ["embeddingsModel"],
  })
  .refine((settings) => settings.embeddings !== "bedrock" || BEDROCK_MODEL.test(settings.embeddingsModel), {
    message: "Bedrock: amazon.titan-embed-text-v2:0 or one of cohere.embed-…, by the model's own id",
    path: ["embeddingsModel"],
  });

function usesOpenai(settings: { embeddings: string; embeddingsPrevious?: string | undefined }): boolean {
  return settings.embeddings === "openai" || settings.embeddingsPrevious === "openai";
}

/** The settings of a deployment. */
export type Settings = z.infer<typeof settingsSchema>;

/** Reads the settings from CDK context; every fault in one error. */
export function parseSettings(context: (key: string) => unknown): Settings {
  const given = Object.keys(settingsSchema.shape).flatMap((key) => {
    const value = context(key);
    return value === undefined || value === "" ? [] : [[key, value] as const];
  });
  const parsed = settingsSchema.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  throw new Error(`Invalid CDK context (-c key=value):\n${z.prettifyError(parsed.error)}`);
}
