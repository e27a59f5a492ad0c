import { z } from "zod";
import { TransientError, UserError } from "#shared/errors.ts";
import { makeAwsJson } from "#functions/runtime/aws-json.ts";

const answerSchema = z.object({ SecretString: z.string().min(1) });

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
  const answer = await secretsManager("GetSecretValue", { SecretId: arn });
  if (!answer.ok && (answer.status >= 500 || answer.status === 429)) {
    throw new TransientError("secret_unavailable", `Secrets Manager answered ${answer.status} for ${arn}`);
  }
  if (!answer.ok) {
    throw new UserError(500, "secret_unreadable", `Secret ${arn} cannot be read: ${answer.fault}`);
  }
  const parsed = answerSchema.safeParse(answer.body);
  if (!parsed.success) throw new UserError(500, "secret_empty", `Secret ${arn} has no text value`);
  return parsed.data.SecretString;
}
