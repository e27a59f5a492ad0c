import { z } from "zod";
import { errorCode, errorMessage } from "#shared/errors.ts";

/** What the service responded instead of a message of the protocol. */
export class UnexpectedResponse extends Error {
  readonly status: number;
  readonly retryAfter: string | null;
  /** What the response says itself; null if it is not of the service or of API Gateway. */
  readonly said: string | null;

  constructor(response: Response, body: string) {
    super(`HTTP ${response.status}`);
    this.name = "UnexpectedResponse";
    this.status = response.status;
    this.retryAfter = response.headers.get("retry-after");
    this.said = saidIn(body);
  }
}

const refusal = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  // API Gateway's own.
  z.object({ message: z.string() }).transform(({ message }) => message),
]);

function saidIn(body: string): string | null {
  try {
    return refusal.safeParse(JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}

const REMEDIES: Record<number, string> = {
  401: "Set the environment variable API_KEY of this server to the service's key, or sign with AWS credentials (--aws)",
  403: "Check the environment variable API_KEY, the AWS credentials, and whether the caller may use --on-behalf-of",
  404: "Check --url, and that the service there has the path /mcp",
  413: "Send less in one message: at most 256 KB",
  429: "Try again later",
  503: "Try again later",
};

/** Why a message got no response of the protocol, and what to do, in a sentence. */
export function failureMessage(error: unknown): string {
  if (error instanceof UnexpectedResponse) {
    const { status, said, retryAfter } = error;
    const wait = retryAfter === null ? "" : ` after ${retryAfter} s`;
    const remedy = REMEDIES[status] ?? (status < 500 ? "Check --url" : "The service's log says more");
    return `${sentence(said ?? `The service responded with ${error.message}`)} ${remedy}${wait}.`;
  }
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (error instanceof Error && error.name === "TimeoutError")
    return "The service did not respond in time. Try again, or check that it runs.";
  const reason = errorCode(cause) === "ECONNREFUSED" ? "nothing listens there" : errorMessage(cause);
  return `The service cannot be reached (${reason}). Start it with \`npm start\`, or give its address with --url.`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
