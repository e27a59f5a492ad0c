import { z } from "zod";
import { makeSignedFetch } from "./signed-fetch.ts";

const TIMEOUT_MS = 5000;
const RETRIES = 2;

/** What a service returned: `fault` is the name of AWS's exception, or the status where the response names none. */
export type AwsAnswer = { ok: true; body: unknown } | { ok: false; status: number; fault: string };

/** Calls an operation of one AWS service that speaks AWS JSON 1.1; rejects when no response came. */
export type AwsJson = (operation: string, input: object) => Promise<AwsAnswer>;

const faultSchema = z.object({ __type: z.string() });

/** `name`: the service's in signatures and host names. `target`: the prefix of its operations in `X-Amz-Target`. */
export function makeAwsJson(service: { name: string; target: string; endpointVariable: string }): AwsJson {
  const fetch = makeSignedFetch({
    signingName: service.name,
    endpointPrefix: service.name,
    endpointVariable: service.endpointVariable,
    retries: RETRIES,
  });
  return async (operation, input) => {
    const response = await fetch("/", {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": `${service.target}.${operation}`,
      },
      body: JSON.stringify(input),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = await response.json().catch(() => null);
    if (response.ok) return { ok: true, body };
    const parsed = faultSchema.safeParse(body);
    // Services may put a namespace before the name.
    const fault = parsed.success ? parsed.data.__type.replace(/^.*#/, "") : `status ${response.status}`;
    return { ok: false, status: response.status, fault };
  };
}
