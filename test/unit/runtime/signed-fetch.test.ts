import { createHash, createHmac, type BinaryLike } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { makeSignedFetch } from "#functions/runtime/signed-fetch.ts";

const bedrock = {
  signingName: "bedrock",
  endpointPrefix: "bedrock-runtime",
  endpointVariable: "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
  retries: 0,
};

const hmac = (key: BinaryLike, text: string) => createHmac("sha256", key).update(text).digest();
const hash = (text: string) => createHash("sha256").update(text).digest("hex");

/** The signature of a received request, worked out anew from AWS's description of Signature Version 4. */
function signatureOf(request: IncomingMessage, body: string, secret: string): string {
  const authorization = request.headers.authorization ?? "";
  const [, scope = ""] = /Credential=[^/]+\/([^,]+),/.exec(authorization) ?? [];
  const [, signed = ""] = /SignedHeaders=([^,]+),/.exec(authorization) ?? [];
  // The path is encoded once more than it is sent: so every service but S3 wants it.
  const path = (request.url ?? "").split("/").map(encodeURIComponent).join("/");
  const headers = signed.split(";").map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = [request.method, path, "", headers.join(""), signed, hash(body)].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, hash(canonical)].join("\n");
  const key = scope.split("/").reduce<BinaryLike>((previous, part) => hmac(previous, part), `AWS4${secret}`);
  return hmac(key, toSign).toString("hex");
}

describe("makeSignedFetch", () => {
  let received: { request: IncomingMessage; body: string } | undefined;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received = { request, body };
      response.end("{}");
    });
  });
  let variables: Record<string, string>;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = address && typeof address === "object" ? address.port : 0;
    variables = {
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "session",
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: `http://127.0.0.1:${port}`,
    };
  });
  afterAll(() => void server.close());

  it("makeSignedFetch signs path, body and session as Signature Version 4 requires, also for a model id with a colon", async () => {
    const signedFetch = makeSignedFetch(bedrock, variables);
    await signedFetch("/model/amazon.titan-embed-text-v2%3A0/invoke", {
      method: "POST",
      body: '{"inputText":"é"}',
    });
    const [, signature] = /Signature=([0-9a-f]+)$/.exec(received?.request.headers.authorization ?? "") ?? [];
    expect(received && signatureOf(received.request, received.body, "secret")).toBe(signature);
    expect(received?.request.headers["x-amz-security-token"]).toBe("session");
    expect(received?.request.headers.authorization).toContain("/eu-west-1/bedrock/aws4_request");
  });

  it.each([
    ["eu-west-1", {}, "https://bedrock-runtime.eu-west-1.amazonaws.com/"],
    ["cn-north-1", {}, "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/"],
    ["eu-west-1", { AWS_ENDPOINT_URL: "http://all.example" }, "http://all.example/"],
    [
      "eu-west-1",
      { AWS_ENDPOINT_URL: "http://all.example", AWS_ENDPOINT_URL_BEDROCK_RUNTIME: "http://own.example" },
      "http://own.example/",
    ],
  ])(
    "makeSignedFetch calls the service of region %s, with endpoints %j, at %s",
    async (region, endpoints, url) => {
      const { AWS_ENDPOINT_URL_BEDROCK_RUNTIME: _, ...others } = variables;
      const asked: string[] = [];
      vi.stubGlobal("fetch", async (request: Request) => {
        asked.push(request.url);
        return new Response("{}");
      });
      try {
        await makeSignedFetch(bedrock, { ...others, AWS_REGION: region, ...endpoints })("/", {
          method: "POST",
        });
      } finally {
        vi.unstubAllGlobals();
      }
      expect(asked).toEqual([url]);
    },
  );

  it("makeSignedFetch names the missing variable", () => {
    expect(() => makeSignedFetch(bedrock, { ...variables, AWS_SECRET_ACCESS_KEY: "" })).toThrow(
      /AWS_SECRET_ACCESS_KEY/,
    );
  });
});
