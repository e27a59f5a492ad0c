import { sendsMessages, type Access } from "#infra/access.ts";
import { queueNames, queueUrlVariable, type QueueName } from "#shared/messages.ts";
import type { Settings } from "./settings.ts";

/** Names of the stack's resources for functions: ARNs, URLs and names, never a secret. */
export type ResourceNames = {
  databaseSecretArn: string;
  queueUrls: Record<QueueName, string>;
  tokenKeyArn: string;
  eventBusName: string;
  extractFunctionName: string;
  verifyFunctionName: string;
};

/** The environment variables of a function: exactly those that its access requires. */
export function environmentOf(
  access: readonly Access[],
  settings: Settings,
  resources: ResourceNames,
): Record<string, string> {
  const sends = access.some((one) => sendsMessages(one) || one === "redrive" || one === "read-queues");
  const tokens = access.some((one) => one === "encrypt-token" || one === "decrypt-token");
  return {
    STAGE: settings.stage,
    LOG_LEVEL: settings.logLevel,
    // Stack traces in logs name the source's lines. A young generation of 4 MB instead of 16: ten large pages then peak at
    // 170 MB in conversion instead of 270, for a few more short collections.
    NODE_OPTIONS: "--enable-source-maps --max-semi-space-size=4",
    ...(access.includes("database") ? databaseVariables(settings, resources) : {}),
    ...(sends ? queueVariables(resources) : {}),
    ...(tokens ? { TOKEN_KEY_ARN: resources.tokenKeyArn, ...siteVariables(settings) } : {}),
    ...(access.includes("show-content") ? readerVariables(settings) : {}),
    ...(access.includes("name-issuer") ? present({ JWT_ISSUER: settings.jwtIssuer }) : {}),
    ...(access.includes("embed") ? embeddingVariables(settings) : {}),
    ...(access.includes("price-embeddings")
      ? present({ EMBEDDINGS_TOKEN_PRICE: settings.embeddingsTokenPrice })
      : {}),
    ...(access.includes("rerank") ? rerankVariables(settings) : {}),
    ...(access.includes("extract") ? { EXTRACT_FUNCTION: resources.extractFunctionName } : {}),
    ...(access.includes("verify") ? { VERIFY_FUNCTION: resources.verifyFunctionName } : {}),
    ...(access.includes("download-files") ? mediaVariables(settings) : {}),
    ...(access.includes("download-files") || (tokens && access.includes("send-file"))
      ? ocrVariables(settings)
      : {}),
    ...(access.includes("put-events") ? eventVariables(settings, resources) : {}),
  };
}

function databaseVariables(settings: Settings, resources: ResourceNames): Record<string, string> {
  return {
    DATABASE_SECRET_ARN: resources.databaseSecretArn,
    DB_SCHEMA: settings.databaseSchema,
    ACCESS_MAX_AGE_HOURS: String(settings.accessMaxAgeHours),
    ACCESS_SWEEP_MINUTES: String(settings.accessSweepMinutes),
    DATABASE_POOLER: settings.databasePooler,
    // RDS certificates come from Amazon's own authorities, which Node 20 and newer no longer trust by themselves on Lambda;
    // the file is part of the runtime. Only for RDS: reading it takes some 20 ms of each start.
    ...(settings.database === "aurora" || settings.databaseAuthority === "amazon"
      ? { NODE_EXTRA_CA_CERTS: "/var/runtime/ca-cert.pem" }
      : {}),
  };
}

function queueVariables({ queueUrls }: ResourceNames): Record<string, string> {
  return Object.fromEntries(queueNames.map((queue) => [queueUrlVariable(queue), queueUrls[queue]]));
}

/** The function that sends events also removes expired events and operations. */
function eventVariables(settings: Settings, { eventBusName }: ResourceNames): Record<string, string> {
  return {
    EVENT_BUS_NAME: eventBusName,
    OPERATION_RETENTION_DAYS: String(settings.operationRetentionDays),
    CHANGE_RETENTION_DAYS: String(settings.changeRetentionDays),
    EVENT_RETENTION_DAYS: String(settings.eventRetentionDays),
  };
}

function siteVariables(settings: Settings): Record<string, string> {
  return settings.allowedHosts ? { ALLOWED_HOSTS: settings.allowedHosts.join(",") } : {};
}

function mediaVariables(settings: Settings): Record<string, string> {
  return settings.mediaHosts ? { MEDIA_HOSTS: settings.mediaHosts.join(",") } : {};
}

/** Of the functions that decide which files are read, and of the one that reads them. */
function ocrVariables({ ocr }: Settings): Record<string, string> {
  return ocr === "none" ? {} : { OCR: ocr };
}

function readerVariables(settings: Settings): Record<string, string> {
  return present({
    IDENTITY_CLAIM: settings.identityClaim,
    SEARCH_ALL_CALLERS: settings.searchAllCallers?.join(","),
  });
}

function embeddingVariables(settings: Settings): Record<string, string> {
  return present({
    EMBEDDINGS: settings.embeddings,
    EMBEDDINGS_MODEL: settings.embeddingsModel,
    EMBEDDINGS_DIMENSIONS: settings.embeddingsDimensions,
    EMBEDDINGS_URL: settings.embeddingsUrl,
    EMBEDDINGS_SECRET_ARN: settings.embeddingsSecretArn,
    EMBEDDINGS_TOKEN_PRICE: settings.embeddingsTokenPrice,
    EMBEDDINGS_PREVIOUS: settings.embeddingsPrevious,
    EMBEDDINGS_PREVIOUS_MODEL: settings.embeddingsPreviousModel,
    EMBEDDINGS_PREVIOUS_DIMENSIONS: settings.embeddingsPreviousDimensions,
  });
}

function rerankVariables(settings: Settings): Record<string, string> {
  return settings.rerank === "none" ? {} : { RERANK: settings.rerank, RERANK_MODEL: settings.rerankModel };
}

function present(variables: Record<string, string | number | undefined>): Record<string, string> {
  const set = Object.entries(variables).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [name, String(value)]));
}
