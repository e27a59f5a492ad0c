import { z } from "zod";
import { contract } from "#functions/runtime/http-contract.ts";

const common = { tag: "Service", scope: "public" } as const;

export const health = contract({
  ...common,
  id: "health",
  method: "GET",
  paths: ["/health"],
  summary: "Whether the service and its database respond",
  responses: { 200: z.object({ status: z.literal("ok"), database: z.literal("ok"), stage: z.string() }) },
});

export const archonHealth = contract({
  ...common,
  id: "archonHealth",
  method: "GET",
  paths: ["/api/health"],
  summary: "The same, as clients of Archon ask for it",
  errorShape: "detail",
  responses: {
    200: z.object({ status: z.literal("healthy"), service: z.string(), ready: z.literal(true) }),
  },
});

export const openapi = contract({
  ...common,
  id: "openapi",
  method: "GET",
  paths: ["/openapi.json"],
  summary: "This document",
  responses: { 200: z.looseObject({ openapi: z.string() }) },
});
