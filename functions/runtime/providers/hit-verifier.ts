import { setTimeout as delay } from "node:timers/promises";
import { verdicts } from "#shared/access/live/hit-verifier.ts";
import { TransientError } from "#shared/errors.ts";
import type { Provider } from "#functions/runtime/services.ts";
import { makeSignedFetch } from "#functions/runtime/signed-fetch.ts";

/** For the invocation itself, and a start of the function. */
const MORE_MS = 500;
/** Between two tries to start it. */
const BUSY_MS = 100;

/** The function named by VERIFY_FUNCTION. */
export const hitVerifier: Provider<"hitVerifier"> = {
  name: "hitVerifier",
  build: (env) => {
    const { VERIFY_FUNCTION: functionName } = env;
    // Only sources with verify `live` need it.
    if (functionName === undefined)
      return async () => {
        throw new TransientError("verifier_failed", "VERIFY_FUNCTION is not set");
      };
    const fetch = makeSignedFetch({
      signingName: "lambda",
      endpointPrefix: "lambda",
      endpointVariable: "AWS_ENDPOINT_URL_LAMBDA",
      retries: 0,
    });
    const path = `/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`;
    return async (request) => {
      const signal = AbortSignal.timeout(request.withinMs + MORE_MS);
      const invoke = async () =>
        fetch(path, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(request),
          signal,
        });
      let response = await invoke();
      // All its environments are busy, for some 100 ms each.
      while (response.status === 429) {
        await delay(BUSY_MS, undefined, { signal });
        response = await invoke();
      }
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
