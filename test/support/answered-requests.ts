import type { Fetch, FetchInit } from "#shared/confluence/guarded-fetch.ts";

export type Answer = {
  status?: number;
  headers?: Record<string, string>;
  /** Text as it is, anything else as JSON; an error ends the connection instead of it; null: there is none. */
  body?: unknown;
};

export type SentRequest = FetchInit & { url: string };

/**
 * A network that gives these answers in turn, the last one to all that follows, for what a simulated site does not answer on
 * demand. An error in the place of an answer is thrown. `read`: how many bodies were read to their end.
 */
export function answeredRequests(...answers: (Answer | Error)[]): {
  fetch: Fetch;
  sent: SentRequest[];
  read: () => number;
} {
  const sent: SentRequest[] = [];
  let read = 0;
  const fetch: Fetch = async (url, init) => {
    const answer = answers[Math.min(sent.length, answers.length - 1)] ?? {};
    sent.push({ ...init, url });
    if (answer instanceof Error) throw answer;
    const { status = 200, headers = {}, body = {} } = answer;
    return {
      status,
      headers: { get: (name) => headers[name.toLowerCase()] ?? null },
      body:
        body === null
          ? null
          : (async function* () {
              if (body instanceof Error) {
                yield Buffer.from("{");
                throw body;
              }
              yield Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
              read += 1;
            })(),
    };
  };
  return { fetch, sent, read: () => read };
}
