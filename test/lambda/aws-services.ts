import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";

export type AwsServices = {
  url: string;
  /** Services called, with the number of calls. */
  calls: Map<string, number>;
  events: { type: string; detail: unknown }[];
  close: () => Promise<void>;
};

const DIMENSIONS = 1024;
const IV_BYTES = 12;
const TAG_BYTES = 16;

const secretRequest = z.object({ SecretId: z.string() });
const context = z.record(z.string(), z.string());
const encryptRequest = z.object({ Plaintext: z.base64(), EncryptionContext: context });
const decryptRequest = z.object({ CiphertextBlob: z.base64(), EncryptionContext: context });
const putEventsRequest = z.object({
  Entries: z.array(z.object({ DetailType: z.string(), Detail: z.string() })),
});
const CHARACTERS_PER_TOKEN = 4;
const rerankText = z.string().min(1).max(32_000);
const rerankRequest = z.strictObject({
  queries: z.tuple([
    z.strictObject({ type: z.literal("TEXT"), textQuery: z.strictObject({ text: rerankText }) }),
  ]),
  sources: z
    .array(
      z.strictObject({
        type: z.literal("INLINE"),
        inlineDocumentSource: z.strictObject({
          type: z.literal("TEXT"),
          textDocument: z.strictObject({ text: rerankText }),
        }),
      }),
    )
    .min(1)
    .max(1000),
  rerankingConfiguration: z.strictObject({
    type: z.literal("BEDROCK_RERANKING_MODEL"),
    bedrockRerankingConfiguration: z.strictObject({
      numberOfResults: z.int().min(1).max(1000),
      modelConfiguration: z.strictObject({
        modelArn: z.string().regex(/^arn:aws:bedrock:us-east-1::foundation-model\/(cohere|amazon)\.rerank-v/),
      }),
    }),
  }),
});
const titanRequest = z.object({
  inputText: z.string(),
  dimensions: z.literal(DIMENSIONS),
  normalize: z.literal(true),
});

/**
 * Secrets Manager, KMS, EventBridge and Bedrock, as far as the functions call them: answers in the shapes of the services, keys
 * that decrypt only with their encryption context, and no answer without a signature for the right service.
 */
export async function startAwsServices(secrets: Record<string, string>): Promise<AwsServices> {
  const key = randomBytes(32);
  const embedder = fakeEmbedder({ dimensions: DIMENSIONS });
  const calls = new Map<string, number>();
  const events: AwsServices["events"] = [];

  const operations: Record<string, { signedFor: string; run: (body: unknown) => unknown }> = {
    "secretsmanager.GetSecretValue": {
      signedFor: "secretsmanager",
      run: (body) => ({ SecretString: secrets[secretRequest.parse(body).SecretId] }),
    },
    "TrentService.Encrypt": {
      signedFor: "kms",
      run: (body) => {
        const { Plaintext, EncryptionContext } = encryptRequest.parse(body);
        return { CiphertextBlob: seal(key, Plaintext, EncryptionContext) };
      },
    },
    "TrentService.Decrypt": {
      signedFor: "kms",
      run: (body) => {
        const { CiphertextBlob, EncryptionContext } = decryptRequest.parse(body);
        return { Plaintext: open(key, CiphertextBlob, EncryptionContext) };
      },
    },
    "AWSEvents.PutEvents": {
      signedFor: "events",
      run: (body) => {
        const { Entries } = putEventsRequest.parse(body);
        events.push(
          ...Entries.map((entry) => ({
            type: entry.DetailType,
            detail: JSON.parse(entry.Detail) as unknown,
          })),
        );
        return { FailedEntryCount: 0, Entries: Entries.map((_, index) => ({ EventId: String(index) })) };
      },
    },
    "bedrock.InvokeModel": {
      signedFor: "bedrock",
      run: async (body) => {
        const [embedding] = await embedder.embed([titanRequest.parse(body).inputText]);
        return { embedding, inputTextTokenCount: 1 };
      },
    },
    "bedrock.Rerank": {
      signedFor: "bedrock",
      // A document is the more relevant, the later it is in the request.
      run: (body) => {
        const { sources, rerankingConfiguration } = rerankRequest.parse(body);
        const { numberOfResults } = rerankingConfiguration.bedrockRerankingConfiguration;
        const results = sources.map((_, index) => ({ index, relevanceScore: (index + 1) / sources.length }));
        return { results: results.toReversed().slice(0, numberOfResults) };
      },
    },
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const target = String(request.headers["x-amz-target"] ?? "");
    const isModel = request.url === "/model/amazon.titan-embed-text-v2%3A0/invoke";
    const name = isModel ? "bedrock.InvokeModel" : request.url === "/rerank" ? "bedrock.Rerank" : target;
    calls.set(name, (calls.get(name) ?? 0) + 1);
    const reply = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1", ...headers });
      response.end(JSON.stringify(body));
    };
    try {
      const operation = operations[name];
      const signature = request.headers.authorization ?? "";
      const body = JSON.parse(await text(request)) as unknown;
      if (!operation) return reply(400, { __type: "UnknownOperationException", message: name });
      if (
        !new RegExp(
          `^AWS4-HMAC-SHA256 Credential=test/\\d{8}/us-east-1/${operation.signedFor}/aws4_request, `,
        ).test(signature)
      ) {
        return reply(403, { __type: "IncompleteSignatureException", message: signature });
      }
      return reply(200, await operation.run(body), isModel ? tokenCount(body) : {});
    } catch (error) {
      return reply(400, { __type: "InvalidCiphertextException", message: String(error) });
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    calls,
    events,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function tokenCount(request: unknown): Record<string, string> {
  const { inputText } = titanRequest.parse(request);
  return { "x-amzn-bedrock-input-token-count": String(Math.ceil(inputText.length / CHARACTERS_PER_TOKEN)) };
}

function seal(key: Buffer, plaintext: string, encryptionContext: Record<string, string>): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(
    Buffer.from(JSON.stringify(encryptionContext)),
  );
  const sealed = Buffer.concat([cipher.update(plaintext, "base64"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64");
}

function open(key: Buffer, ciphertext: string, encryptionContext: Record<string, string>): string {
  const bytes = Buffer.from(ciphertext, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(Buffer.from(JSON.stringify(encryptionContext)))
    .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString(
    "base64",
  );
}
