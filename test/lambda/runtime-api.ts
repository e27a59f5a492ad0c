import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

export type Outcome =
  | { ok: true; answer: unknown }
  | { ok: false; error: { errorType: string; errorMessage: string } };

/** Lambda's side of one execution environment: hands out invocations one by one and takes their outcomes. */
export type RuntimeApi = {
  /** `host:port`, as AWS_LAMBDA_RUNTIME_API wants it. */
  address: string;
  /** Resolves when the runtime asks for its first invocation: the end of its initialisation. Rejects when that failed. */
  initialised: Promise<void>;
  invoke: (
    event: unknown,
    options: { requestId: string; deadlineMs: number; functionArn: string },
  ) => Promise<Outcome>;
  close: () => Promise<void>;
};

type Pending = { event: unknown; headers: Record<string, string>; settle: (outcome: Outcome) => void };

const BASE = "/2018-06-01/runtime";

/** Serves the Lambda runtime API (docs.aws.amazon.com, "Using the Lambda runtime API") on a free loopback port. */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const waiting: Pending[] = [];
  const running = new Map<string, Pending>();
  let poll: ServerResponse | null = null;
  const initialisation = Promise.withResolvers<void>();
  initialisation.promise.catch(() => {});

  const handOut = () => {
    const next = poll && waiting.shift();
    if (!poll || !next) return;
    const requestId = next.headers["lambda-runtime-aws-request-id"] ?? "";
    running.set(requestId, next);
    poll.writeHead(200, { "content-type": "application/json", ...next.headers });
    poll.end(JSON.stringify(next.event));
    poll = null;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? "";
    if (path === `${BASE}/invocation/next`) {
      poll = response;
      initialisation.resolve();
      handOut();
      return;
    }
    const body = JSON.parse((await text(request)) || "null") as unknown;
    if (path === `${BASE}/init/error`)
      initialisation.reject(new Error(`Initialisation failed: ${JSON.stringify(body)}`));
    const [, requestId = "", kind] = /\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    running
      .get(requestId)
      ?.settle(kind === "response" ? { ok: true, answer: body } : { ok: false, error: body as never });
    running.delete(requestId);
    response.writeHead(202, { "content-type": "application/json" }).end('{"status":"OK"}');
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The runtime API has no port");
  return {
    address: `127.0.0.1:${address.port}`,
    initialised: initialisation.promise,
    invoke: (event, { requestId, deadlineMs, functionArn }) =>
      new Promise((settle) => {
        const headers = {
          "lambda-runtime-aws-request-id": requestId,
          "lambda-runtime-deadline-ms": String(deadlineMs),
          "lambda-runtime-invoked-function-arn": functionArn,
          "lambda-runtime-trace-id":
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        };
        waiting.push({ event, headers, settle });
        handOut();
      }),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
