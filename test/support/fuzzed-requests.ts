import * as fc from "fast-check";
import { z } from "zod";
import { makeDocument } from "#functions/api/contract/document.ts";

export type FuzzedRequest = {
  method: string;
  /** With its parameters filled in; `$SOURCE`, `$OPERATION`, `$SITE` and `$HOOK` are replaced by existing ids, `$SECRET` by the hook's. */
  path: string;
  query: Record<string, string | undefined>;
  headers: Record<string, string | undefined>;
  body: string | undefined;
};

const schema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  pattern: z.string().optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  $ref: z.string().optional(),
});
const operation = z.looseObject({
  parameters: z.array(z.looseObject({ in: z.string(), name: z.string(), schema: z.unknown() })).optional(),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })) }).optional(),
});
const documentShape = z.object({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

const document = documentShape.parse(JSON.parse(JSON.stringify(makeDocument())));

/** What there is, of which page 2 is hidden from who asks. */
const IDS: Record<string, readonly string[]> = {
  source_id: ["$SOURCE"],
  operation_id: ["$OPERATION"],
  page_id: ["1", "2"],
  site_id: ["$SITE"],
  hook_id: ["$HOOK"],
  token: ["$SECRET"],
};
const existing = (name: string, otherwise: string) => fc.constantFrom(...(IDS[name] ?? [otherwise]));

/** Text that breaks parsers, SQL, paths and headers. */
const nasty = fc.constantFrom(
  "",
  " ",
  "\u0000",
  "'; drop table archon_sources; --",
  "%",
  "\\",
  "%2e%2e%2f",
  "\ud83d\ude00".repeat(50),
  "{}",
  "null",
  "-1",
  "1e400",
  "9".repeat(30),
  "x".repeat(5000),
  "\u202e",
  "a\nb",
  "2026-02-30T00:00:00Z",
  "0000-00-00T00:00:00Z",
  "9999-12-31T23:59:59.999Z",
);
const anyText = fc.oneof(nasty, fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }));

/** Mostly valid by the schema, otherwise anything. */
export function valueOf(described: unknown, depth = 0): fc.Arbitrary<unknown> {
  const parsed = schema.parse(resolve(described));
  const fitting = fittingValue(parsed, depth);
  return fc.oneof(
    { arbitrary: fitting, weight: 8 },
    { arbitrary: nasty, weight: 1 },
    { arbitrary: fc.jsonValue({ maxDepth: 2 }), weight: 1 },
  );
}

function resolve(described: unknown): unknown {
  const reference = schema.parse(described ?? {}).$ref;
  return reference ? document.components.schemas[reference.split("/").at(-1) ?? ""] : (described ?? {});
}

function fittingValue(described: z.infer<typeof schema>, depth: number): fc.Arbitrary<unknown> {
  if (described.enum) return fc.constantFrom(...described.enum);
  const branches = [described.anyOf, described.oneOf].filter(Array.isArray).flat();
  if (branches.length > 0) return fc.oneof(...branches.map((branch) => valueOf(branch, depth + 1)));
  const type = Array.isArray(described.type) ? described.type[0] : described.type;
  switch (type) {
    case "integer":
      return fc.oneof(
        fc.integer({ min: described.minimum ?? 0, max: Math.min(described.maximum ?? 1000, 1e9) }),
        fc.constantFrom(described.minimum ?? 0, described.maximum ?? 1000),
        fc.maxSafeInteger(),
      );
    case "number":
      return fc.double();
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(valueOf(described.items, depth + 1), { maxLength: 4 });
    case "object":
      return objectOf(described, depth);
    case undefined:
    default:
      return stringOf(described);
  }
}

function objectOf(described: z.infer<typeof schema>, depth: number): fc.Arbitrary<unknown> {
  if (depth > 4) return fc.constant({});
  const properties = z.record(z.string(), z.unknown()).parse(described.properties ?? {});
  const required = new Set(z.array(z.string()).parse(described.required ?? []));
  const fields = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, valueOf(value, depth + 1)])),
    { requiredKeys: Object.keys(properties).filter((name) => required.has(name)) },
  );
  const extra = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 });
  return fc.oneof(
    { arbitrary: fields, weight: 6 },
    { arbitrary: fc.tuple(fields, extra).map(([base, more]) => ({ ...base, ...more })), weight: 1 },
  );
}

function stringOf(described: z.infer<typeof schema>): fc.Arbitrary<string> {
  const example = typeof described.example === "string" ? [fc.constant(described.example)] : [];
  if (described.format === "uuid") return fc.uuid();
  if (described.format === "date-time") {
    return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  }
  if (described.pattern && described.pattern.length < 60) {
    return fc.oneof(...example, fc.stringMatching(new RegExp(described.pattern, "u")), anyText);
  }
  return fc.oneof(...example, anyText, fc.constantFrom("Page 1", "chunk", "DEMO"));
}

/** Requests for every operation of the document, valid and otherwise. */
export function fuzzedRequests(): fc.Arbitrary<FuzzedRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, described]) => requestOf(path, method.toUpperCase(), described)),
  );
  return fc.oneof(...operations);
}

function requestOf(
  path: string,
  method: string,
  described: z.infer<typeof operation>,
): fc.Arbitrary<FuzzedRequest> {
  const parameters = described.parameters ?? [];
  const named = (place: string) => parameters.filter((parameter) => parameter.in === place);
  const text = (value: unknown) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
  const query = fc.record(
    Object.fromEntries(
      named("query").map((parameter) => [
        parameter.name,
        IDS[parameter.name]
          ? fc.oneof(existing(parameter.name, ""), anyText)
          : valueOf(parameter.schema).map(text),
      ]),
    ),
    { requiredKeys: [] },
  );
  const segments = fc.record(
    Object.fromEntries(
      named("path").map((parameter) => [
        parameter.name,
        fc.oneof(
          { arbitrary: existing(parameter.name, "x"), weight: 5 },
          { arbitrary: anyText.filter((value) => value !== ""), weight: 1 },
        ),
      ]),
    ),
  );
  const bodySchema = Object.values(described.requestBody?.content ?? {})[0]?.schema;
  const json =
    bodySchema === undefined
      ? fc.constant(undefined)
      : valueOf(bodySchema).map((value) => JSON.stringify(value));
  const body = fc.oneof({ arbitrary: json, weight: 12 }, { arbitrary: anyText, weight: 1 });
  const headers = fc.record(
    {
      "content-type": fc.constantFrom(
        "application/json",
        "application/json",
        "application/json",
        "text/plain",
      ),
      "idempotency-key": fc.oneof(fc.constantFrom("a", "b"), anyText),
      "if-none-match": fc.oneof(fc.constantFrom("*", '"x"', 'W/"x", "y"'), anyText),
      origin: anyText,
    },
    { requiredKeys: ["content-type"] },
  );
  return fc.record({ query, segments, headers, body }).map((parts) => ({
    method,
    path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encode(String(parts.segments[name]))),
    query: parts.query,
    headers: parts.headers,
    body: parts.body,
  }));
}

function encode(segment: string): string {
  return segment.startsWith("$") ? segment : encodeURIComponent(segment.toWellFormed());
}
