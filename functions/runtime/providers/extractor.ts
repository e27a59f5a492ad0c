import { z } from "zod";
import { errorMessage, PermanentError, TransientError } from "#shared/errors.ts";
import { required } from "#shared/env.ts";
import type { AttachmentToExtract } from "#shared/extraction/extract-attachment.ts";
import type { ExtractedFile } from "#shared/extraction/extracted-file.ts";
import { fromExtractionResponse } from "#shared/extraction/extraction-response.ts";
import type { Provider } from "#functions/runtime/services.ts";
import { makeSignedFetch, type SignedFetch } from "#functions/runtime/signed-fetch.ts";

/** Above the function's own timeout and its start. */
const TIMEOUT_MS = 100_000;

/** Crashes of the process: the next environment is a new one, without what earlier files left in memory. */
const CRASHES: ReadonlySet<string> = new Set(["Runtime.ExitError", "Runtime.OutOfMemory"]);
/** What a second try would only repeat. */
const LIMITS: Readonly<Record<string, string>> = {
  "Sandbox.Timedout": "The file takes longer to read than it may",
  "Function.ResponseSizeTooLarge": "The text of the file is larger than a response may be",
};

/** Lambda's own description of a function that failed. Of a time-out, older runtimes name no type. */
const functionError = z.object({ errorType: z.string().optional(), errorMessage: z.string() });

/** The function named by EXTRACT_FUNCTION. */
export const extractor: Provider<"extractor"> = {
  name: "extractor",
  build: (env) => {
    const functionName = encodeURIComponent(required(env, "EXTRACT_FUNCTION"));
    const fetch = makeSignedFetch({
      signingName: "lambda",
      endpointPrefix: "lambda",
      endpointVariable: "AWS_ENDPOINT_URL_LAMBDA",
      retries: 0,
    });
    const path = `/2015-03-31/functions/${functionName}/invocations`;
    return async (file) => {
      const first = await invoke(fetch, path, file);
      if (first.ended === "normally") return fileOf(first.payload);
      const second =
        first.ended === "crashed" ? await invoke(fetch, path, { ...file, native: false }) : first;
      if (second.ended === "normally") return fileOf(second.payload);
      return failed(second.message);
    };
  },
};

type Invocation =
  | { ended: "normally"; payload: unknown }
  | { ended: "crashed" | "at a limit"; message: string };

async function invoke(fetch: SignedFetch, path: string, file: AttachmentToExtract): Promise<Invocation> {
  let response: Response;
  let payload: unknown;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(file),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    payload = await response.json();
  } catch (error) {
    throw new TransientError("extractor_failed", `Lambda did not respond: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  if (!response.ok) throw refusal(response);
  if (response.headers.get("x-amz-function-error") === null) return { ended: "normally", payload };
  return faultOf(payload);
}

/** Lambda's refusal to run the function: its concurrency is used up, or it cannot be run now. */
function refusal({ status, headers }: Response): TransientError {
  // "TooManyRequestsException:http://internal.amazon.com/…"
  const fault = headers.get("x-amzn-errortype")?.split(":")[0] ?? `status ${status}`;
  if (status === 429)
    return new TransientError("extractor_busy", `Lambda throttled the extraction function: ${fault}`);
  return new TransientError("extractor_failed", `The extraction function could not be invoked: ${fault}`);
}

/** Throws where the function is at fault, and not the file: then no file may be recorded as unreadable. */
function faultOf(payload: unknown): Invocation {
  const { errorType, errorMessage: text = "" } = functionError.safeParse(payload).data ?? {};
  const type = errorType ?? (text.includes("Task timed out") ? "Sandbox.Timedout" : "Unhandled");
  const limit = LIMITS[type];
  if (limit !== undefined) return { ended: "at a limit", message: limit };
  if (CRASHES.has(type)) return { ended: "crashed", message: "The process that read the file crashed" };
  throw new TransientError("extractor_failed", `The extracting function failed: ${type}`);
}

/** A hostile file may have made the function return anything: that is the file's fault. */
function fileOf(payload: unknown): ExtractedFile {
  try {
    return fromExtractionResponse(payload);
  } catch (error) {
    if (error instanceof PermanentError || error instanceof TransientError) throw error;
    return failed("The process that read the file returned no result");
  }
}

function failed(message: string): ExtractedFile {
  return { result: "extraction_failed", extractor: "none", message };
}
