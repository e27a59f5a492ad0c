import { AwsClient } from "aws4fetch";
import { UserError } from "#shared/errors.ts";

export type SignedFetch = (path: string, init: RequestInit) => Promise<Response>;

/**
 * `fetch` to one AWS service with SigV4 signatures, where one call of the service is all that is needed: an SDK client would
 * add 400 kB to every function that only reads its database. Credentials and region are those that Lambda puts into the
 * environment; AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE> work as in the SDKs. Statuses are the caller's to judge.
 */
export function makeSignedFetch(
  service: { signingName: string; endpointPrefix: string; endpointVariable: string; retries: number },
  variables: Record<string, string | undefined> = process.env,
): SignedFetch {
  const region = variable(variables, "AWS_REGION");
  const client = new AwsClient({
    accessKeyId: variable(variables, "AWS_ACCESS_KEY_ID"),
    secretAccessKey: variable(variables, "AWS_SECRET_ACCESS_KEY"),
    sessionToken: variables.AWS_SESSION_TOKEN,
    service: service.signingName,
    region,
    retries: service.retries,
  });
  const endpoint =
    variables[service.endpointVariable] ??
    variables.AWS_ENDPOINT_URL ??
    `https://${service.endpointPrefix}.${region}.${dnsSuffix(region)}`;
  return (path, init) => client.fetch(new URL(path, endpoint), init);
}

/** AWS's partitions have a domain each. */
function dnsSuffix(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

function variable(variables: Record<string, string | undefined>, name: string): string {
  const value = variables[name];
  if (value) return value;
  throw new UserError(500, "invalid_environment", `Environment variable ${name} is missing`);
}
