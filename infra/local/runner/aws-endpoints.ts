import type { IncomingMessage, ServerResponse } from "node:http";
import { ZodError } from "zod";
import { errorMessage } from "#shared/errors.ts";
import type { EventBus } from "./event-bus.ts";
import type { Invoker } from "./invoke.ts";

const INVOKE_PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/** The AWS calls that the runner itself handles: Lambda's Invoke and EventBridge's PutEvents. */
export function isAwsCall(request: IncomingMessage, path: string): boolean {
  return request.method === "POST" && (INVOKE_PATH.test(path) || isPutEvents(request, path));
}

function isPutEvents(request: IncomingMessage, path: string): boolean {
  return path === "/" && request.headers["x-amz-target"] === "AWSEvents.PutEvents";
}

/** Responds like the real services, so that their SDK clients work with `endpoint` set to the runner's URL. */
export async function handleAwsCall(
  call: { request: IncomingMessage; path: string; body: Buffer },
  response: ServerResponse,
  services: { invoker: Invoker; eventBus: EventBus },
): Promise<void> {
  const { request, path, body } = call;
  const payload = parseJson(body);
  if (payload === undefined) {
    return respondWithError(
      response,
      400,
      "InvalidRequestContentException",
      "Could not parse request body into json",
    );
  }
  const name = INVOKE_PATH.exec(path)?.[1];
  if (name === undefined) return putEvents(response, services.eventBus, payload.value);
  return invoke(request, response, services.invoker, { name: functionName(name), event: payload.value });
}

/** A function may be named by its ARN and with a qualifier. */
function functionName(name: string): string {
  return /^arn:[^:]+:lambda:[^:]+:[^:]+:function:([^:]+)/.exec(name)?.[1] ?? name.split(":")[0] ?? name;
}

async function invoke(
  request: IncomingMessage,
  response: ServerResponse,
  invoker: Invoker,
  { name, event }: { name: string; event: unknown },
): Promise<void> {
  if (!invoker.has(name)) {
    return respondWithError(response, 404, "ResourceNotFoundException", `Function not found: ${name}`);
  }
  const type = request.headers["x-amz-invocation-type"] ?? "RequestResponse";
  if (type === "DryRun") return respond(response, 204, undefined);
  if (type === "Event") {
    // Logged by the invoker; Lambda does not report it to the caller either.
    invoker.invoke(name, event).catch(() => {});
    return respond(response, 202, undefined);
  }
  response.setHeader("x-amz-executed-version", "$LATEST");
  try {
    return respond(response, 200, (await invoker.invoke(name, event)) ?? null);
  } catch (error) {
    response.setHeader("x-amz-function-error", "Unhandled");
    return respond(response, 200, {
      errorType: error instanceof Error ? error.name : "Error",
      errorMessage: errorMessage(error),
    });
  }
}

function putEvents(response: ServerResponse, eventBus: EventBus, request: unknown): void {
  try {
    return respond(response, 200, eventBus.putEvents(request));
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    return respondWithError(response, 400, "ValidationException", "Entries must contain 1 to 10 events");
  }
}

function respondWithError(response: ServerResponse, status: number, type: string, message: string): void {
  response.setHeader("x-amzn-errortype", type);
  respond(response, status, { __type: type, Type: "User", Message: message, message });
}

function respond(response: ServerResponse, status: number, body: unknown): void {
  response.setHeader("content-type", "application/json");
  response.writeHead(status);
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** An empty body is an empty event; undefined when it is not JSON. */
function parseJson(body: Buffer): { value: unknown } | undefined {
  if (body.length === 0) return { value: {} };
  try {
    return { value: JSON.parse(body.toString("utf8")) };
  } catch {
    return undefined;
  }
}
