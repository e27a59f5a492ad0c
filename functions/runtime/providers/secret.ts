import { z } from "zod";
import { TransientError, UserError } from "#shared/errors.ts";
import { makeSignedFetch } from "#functions/runtime/signed-fetch.ts";

const answerSchema = z.object({ SecretString: z.string().min(1) });
const faultSchema = z.object({ __type: z.string() });

const TIMEOUT_MS = 5000;
const RETRIES = 2;

/**
 * The text of a Secrets Manager secret. Messages name the ARN and AWS's error code, never the value. Throws `UserError` when
 * the secret cannot be read, `TransientError` when the service failed.
 */
export async function readSecret(arn: string): Promise<string> {
  const secretsManager = makeSignedFetch({
    signingName: "secretsmanager",
    endpointPrefix: "secretsmanager",
    endpointVariable: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    retries: RETRIES,
  });
  const response = await secretsManager("/", {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "secretsmanager.GetSecretValue",
    },
    body: JSON.stringify({ SecretId: arn }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.status >= 500 || response.status === 429) {
    throw new TransientError("secret_unavailable", `Secrets Manager answered ${response.status} for ${arn}`);
  }
  if (!response.ok) {
    const fault = faultSchema.safeParse(answer);
    const reason = fault.success ? fault.data.__type : `status ${response.status}`;
    throw new UserError(500, "secret_unreadable", `Secret ${arn} cannot be read: ${reason}`);
  }
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) throw new UserError(500, "secret_empty", `Secret ${arn} has no text value`);
  return parsed.data.SecretString;
}
