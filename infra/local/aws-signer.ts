import { AwsClient } from "aws4fetch";

/** `https://abc123.execute-api.eu-central-1.amazonaws.com` */
const EXECUTE_API = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

/** The region of an API on AWS, from its host; null: it is elsewhere, or behind a name of its own. */
export function regionOfApi(hostname: string): string | null {
  return EXECUTE_API.exec(hostname)?.[1] ?? null;
}

export type SignRequest = (url: URL, init: RequestInit) => Promise<Request>;

/**
 * Signs requests to an API on AWS with the credentials that AWS's own tools find: environment, profile, SSO, role. They are renewed
 * as they expire.
 */
export function awsSigner(regionOfHost: string | null): SignRequest {
  const config = import("@aws-sdk/client-lambda").then(({ LambdaClient }) => new LambdaClient({}).config);
  return async (url, init) => {
    const { credentials, region } = await config;
    const { accessKeyId, secretAccessKey, sessionToken } = await credentials();
    const client = new AwsClient({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      service: "execute-api",
      region: regionOfHost ?? (await region()),
    });
    return client.sign(url, init);
  };
}
