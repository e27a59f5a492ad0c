import { describe, expect, it } from "vitest";
import { z } from "zod";
import { contract } from "#functions/runtime/http-contract.ts";
import { MAX_BODY_BYTES, parseRequest, readBody } from "#functions/runtime/http-request.ts";
import { UserError } from "#shared/errors.ts";
import { eventOf, things } from "#test/support/call-handler.ts";

describe("a body", () => {
  const sized = (bytes: number) =>
    parseRequest(things("POST"), eventOf("POST", `{${" ".repeat(bytes - 2)}}`));

  it("a body may have the maximum number of bytes, and not one more", () => {
    expect(sized(MAX_BODY_BYTES).body).toEqual({});
    expect(() => sized(MAX_BODY_BYTES + 1)).toThrow(expect.objectContaining({ status: 413 }));
  });

  const anything = contract({ ...things("POST"), body: z.unknown() });
  const read = (body: string | undefined, more: object = {}) =>
    parseRequest(anything, eventOf("POST", body, more)).body;

  it("no body is an empty object, whatever its type is said to be", () => {
    expect(read(undefined, { headers: {} })).toEqual({});
    expect(read("", { headers: { "content-type": "text/plain" } })).toEqual({});
  });

  it("a body in base64 is what it was encoded from", () => {
    const body = Buffer.from('{"name":"Übersicht"}').toString("base64");
    expect(read(body, { isBase64Encoded: true })).toEqual({ name: "Übersicht" });
  });

  it("a body that the contract does not name is not read", () => {
    expect(parseRequest(things("GET"), eventOf("GET", "no JSON")).body).toBeUndefined();
    expect(readBody(things("GET"), eventOf("GET", "no JSON"))).toBeUndefined();
  });

  it("a body that the route reads itself is read and parsed when it asks for it, and not before", () => {
    const itself = contract({ ...things("POST"), readsBodyItself: true });
    expect(parseRequest(itself, eventOf("POST", '{"unknown":1}')).body).toBeUndefined();
    expect(readBody(itself, eventOf("POST", "{}"))).toEqual({});
    expect(() => readBody(itself, eventOf("POST", '{"unknown":1}'))).toThrow(
      expect.objectContaining({ status: 400, code: "invalid_request" }),
    );
  });

  it.each([
    "application/json",
    "application/json ; charset=utf-8",
    "application/json;charset=utf8",
    'application/json; x=1;  Charset = "UTF-8"',
    "application/merge-patch+json",
    "application/vnd.acme.v1+json",
  ])("a body of %s is read", (type) => {
    expect(read('{"a":1}', { headers: { "content-type": type } })).toEqual({ a: 1 });
  });

  it.each([
    "",
    "text/plain",
    "text/application/json",
    "application/jsonp",
    "application/json5; charset=utf-8",
    "application/json, text/plain",
    "application/jose+jwt",
    "application/+json",
    "application/json; charset=utf-16",
    "application/json; charset=xutf-8",
    "application/json; charset=utf-80",
    'application/json;charset="latin1"',
  ])("a body of %j is refused as of another type", (type) => {
    expect(() => read("{}", { headers: { "content-type": type } })).toThrow(
      expect.objectContaining({ status: 415, code: "unsupported_media_type" }),
    );
  });

  it("a body of another type is told which, and one without a type only what to send", () => {
    const messageFor = (headers: Record<string, string>) => {
      try {
        read("{}", { headers });
      } catch (error) {
        return (error as Error).message;
      }
      return null;
    };
    expect(messageFor({ "content-type": "text/plain" })).toMatch(/application\/json, not text\/plain$/);
    expect(messageFor({})).toMatch(/application\/json$/);
  });

  const nested = (levels: number, [open, close] = ["[", "]"]) =>
    `${open.repeat(levels)}null${close.repeat(levels)}`;

  it.each<[string, [string, string]]>([
    ["lists", ["[", "]"]],
    ["objects", ['{"a":', "}"]],
    ["lists beside plain values", ["[1,", ',"text",null]']],
  ])("a body of 500 levels of %s is read, and one of 501 is refused", (_, brackets) => {
    expect(read(nested(500, brackets))).toBeTypeOf("object");
    expect(() => read(nested(501, brackets))).toThrow(
      expect.objectContaining({ status: 400, code: "invalid_request" }),
    );
  });

  it.each([
    ["null", null],
    ["7", 7],
    ['"text"', "text"],
  ])("a body may be the plain value %s where the contract takes one", (body, value) => {
    expect(read(body)).toBe(value);
  });
});

describe("a request that does not match its contract", () => {
  const search = contract({
    ...things("POST"),
    query: z.strictObject({ limit: z.coerce.number().int().optional() }),
    body: z.strictObject({ name: z.string(), kind: z.enum(["a", "b"]).optional() }),
  });
  const faultsOf = (body: unknown, query: Record<string, string> = {}) => {
    const event = { ...eventOf("POST", JSON.stringify(body)), queryStringParameters: query };
    try {
      parseRequest(search, event);
    } catch (error) {
      if (error instanceof UserError) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        const faults = error.details?.["faults"] as { path: string; message: string }[];
        return { message: error.message, paths: faults.map(({ path }) => path) };
      }
      throw error;
    }
    return null;
  };

  it("a request that matches its contract is parsed, with the defaults of what it leaves out", () => {
    expect(parseRequest(search, eventOf("POST", '{"name":"x"}'))).toEqual({
      params: {},
      query: {},
      body: { name: "x" },
    });
  });

  it("a single fault of a request is the message", () => {
    expect(faultsOf({ name: 1 })).toEqual({
      message: expect.stringMatching(/^body\.name: [^(]+$/),
      paths: ["body.name"],
    });
  });

  it("further faults of a request are counted, and named one by one", () => {
    expect(faultsOf({ name: 1, kind: "c", more: true, ["k".repeat(200)]: 1 })).toEqual({
      message: expect.stringMatching(/^body\.name: .* \(and 3 more\)$/),
      paths: ["body.name", "body.kind", "body.more", `body.${"k".repeat(100)}`],
    });
  });

  it("a request with very many faults names twenty of them", () => {
    const unknown = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`field${n}`, n]));
    const faults = faultsOf({ name: "x", ...unknown });
    expect(faults?.paths).toHaveLength(20);
    expect(faults?.message).toMatch(/\(and 29 more\)$/);
  });

  it.each([
    ["source_id", "source_not_found"],
    ["operation_id", "operation_not_found"],
    ["letter", "route_not_found"],
  ])("a malformed %s in the path is %s", (name, code) => {
    const one = contract({ ...things("GET"), params: z.object({ [name]: z.string().max(3) }) });
    const event = { ...eventOf("GET"), pathParameters: { [name]: "much too long" } };
    expect(() => parseRequest(one, event)).toThrow(expect.objectContaining({ status: 404, code }));
  });

  it("parameters of the path that do not fit together lead to no route", () => {
    const params = z.object({ from: z.string(), to: z.string() }).refine(({ from, to }) => from < to);
    const range = contract({ ...things("GET"), params });
    const read = (from: string, to: string) =>
      parseRequest(range, eventOf("GET", undefined, { pathParameters: { from, to } })).params;
    expect(read("a", "b")).toEqual({ from: "a", to: "b" });
    expect(() => read("b", "a")).toThrow(expect.objectContaining({ status: 404, code: "route_not_found" }));
  });

  it("faults of the query are named as such", () => {
    expect(faultsOf({ name: "x" }, { limit: "many" })?.paths).toEqual(["query.limit"]);
    expect(faultsOf({ name: "x" }, { more: "1" })?.paths).toEqual(["query.more"]);
  });
});
