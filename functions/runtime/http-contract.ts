import { z } from "zod";
import type { ErrorCode } from "./error-codes.ts";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
/** Schemas by status; null: a response without a body. */
export type Responses = Record<number, z.ZodType | null>;
/**
 * `standard`: `{"error": {code, message, details?}}`. For clients that were written for Archon's endpoints, `detail` adds
 * FastAPI's `{"detail": {"error"}}` and `detail_text` its `{"detail": "…"}`; `error_text` has the message as `error`, and the
 * object as `error_details`. `json_rpc` is an error of JSON-RPC 2.0 without the id of its request, with `{code, details?}` as `data`.
 */
export type ErrorShape = "standard" | "detail" | "detail_text" | "error_text" | "json_rpc";

/**
 * One operation of the API: the only source of its validation, its types and its part of the document. `query` and `body` are
 * strict unless they say otherwise: unknown fields are refused.
 */
export type Contract<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodType,
  R extends Responses,
> = {
  /** Unique; the document's operationId of the first path. */
  id: string;
  method: Method;
  /** The first is the one to use, the others are aliases. */
  paths: readonly [string, ...string[]];
  scope: "sources:read" | "sources:write" | "search" | "public" | "hook" | "issuer";
  tag: string;
  summary: string;
  description?: string;
  params: P;
  query: Q;
  /** Null: a body is not read. */
  body: B | null;
  /** The route reads its body itself, by `readBody`, after it has authenticated the sender. */
  readsBodyItself: boolean;
  responses: R;
  /** Beyond those that any route may return. */
  errors: readonly ErrorCode[];
  errorShape: ErrorShape;
  /** Takes an `Idempotency-Key`. */
  idempotent: boolean;
  /** For the document: a body that it accepts, and responses by status. */
  examples: { request?: unknown; responses?: Record<number, unknown> };
};

export type AnyContract = Contract<z.ZodObject, z.ZodObject, z.ZodType, Responses>;

const noFields = z.strictObject({});
type NoFields = typeof noFields;

type ContractInput<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodType,
  R extends Responses,
> = Pick<Contract<P, Q, B, R>, "id" | "method" | "paths" | "scope" | "tag" | "summary" | "responses"> &
  Partial<Contract<P, Q, B, R>>;

/** Builds a contract, filling in defaults. */
export function contract<
  const R extends Responses,
  P extends z.ZodObject = NoFields,
  Q extends z.ZodObject = NoFields,
  B extends z.ZodType = NoFields,
>(input: ContractInput<P, Q, B, R>): Contract<P, Q, B, R> {
  return {
    // Absent means NoFields, which is their default type.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    params: noFields as unknown as P,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    query: noFields as unknown as Q,
    body: null,
    readsBodyItself: false,
    errors: [],
    errorShape: "standard",
    idempotent: false,
    examples: {},
    ...input,
  };
}
