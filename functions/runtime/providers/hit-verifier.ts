import { required } from "#shared/env.ts";
import { verdicts, VERIFY_WITHIN_MS } from "#shared/access/live/hit-verifier.ts";
import { TransientError } from "#shared/errors.ts";
import type { Provider } from "#functions/runtime/services.ts";
import { makeSignedFetch } from "#functions/runtime/signed-fetch.ts";

/** For the invocation itself, and a start of the function. */
const MORE_MS = 1000;

/** The function named by VERIFY_FUNCTION. */
export const hitVerifier: Provider<"hitVerifier"> = {
  name: "hitVerifier",
  build: (env) => {
    const functionName = encodeURIComponent(required(env, "VERIFY_FUNCTION"));
    const fetch = makeSignedFetch({
      signingName: "lambda",
      endpointPrefix: "lambda",
      endpointVariable: "AWS_ENDPOINT_URL_LAMBDA",
      retries: 0,
    });
    return async (request) => {
      const response = await fetch(`/2015-03-31/functions/${functionName}/invocations`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request),
        signal: AbortSignal.timeout(VERIFY_WITHIN_MS + MORE_MS),
      });
      const payload: unknown = await response.json();
      const fault = response.ok
        ? response.headers.get("x-amz-function-error")
        : (response.headers.get("x-amzn-errortype") ?? `status ${response.status}`);
      if (fault !== null)
        throw new TransientError("verifier_failed", `The verifying function failed: ${fault}`);
      return verdicts.parse(payload);
    };
  },
};
