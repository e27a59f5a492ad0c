import { z } from "zod";
import { TransientError, UserError } from "#shared/errors.ts";
import { makeAwsJson } from "#functions/runtime/aws-json.ts";

const responseSchema = z.object({ SecretString: z.string().min(1) });

/**
 * The text of a Secrets Manager secret. Messages name the ARN and AWS's error code, never the value. Throws `UserError` when
 * the secret cannot be read, `TransientError` when the service failed.
 */
export async function readSecret(arn: string): Promise<string> {
  const secretsManager = makeAwsJson({
    name: "secretsmanager",
    target: "secretsmanager",
    endpointVariable: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
  });
  const response = await secretsManager("GetSecretValue", { SecretId: arn });
  if (!response.ok && (response.status >= 500 || response.status === 429)) {
    throw new TransientError("secret_unavailable", `Secrets Manager returned ${response.status} for ${arn}`);
  }
  if (!response.ok) {
    throw new UserError(500, "secret_unreadable", `Secret ${arn} cannot be read: ${response.fault}`);
  }
  const parsed = responseSchema.safeParse(response.body);
  if (!parsed.success) throw new UserError(500, "secret_empty", `Secret ${arn} has no text value`);
  return parsed.data.SecretString;
}
