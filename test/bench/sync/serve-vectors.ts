import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { servePart } from "./part.ts";

/** An OpenAI-compatible server whose vectors are made of the text's hash: `serve-vectors.ts DIMENSIONS`. */
const dimensions = Number(process.argv[2]);
/** OpenAI API reference, "Create embeddings". */
const MAX_TEXTS = 2048;
const requestSchema = z.object({ input: z.array(z.string().min(1)).min(1).max(MAX_TEXTS) });
const counts = { requests: 0, refused: 0, texts: 0 };

const server = createServer((request, response) => {
  void (async () => {
    const parsed = requestSchema.safeParse(await json(request));
    counts.requests += 1;
    if (!parsed.success) counts.refused += 1;
    const texts = parsed.success ? parsed.data.input : [];
    counts.texts += texts.length;
    response.writeHead(parsed.success ? 200 : 400, { "content-type": "application/json" });
    response.end(
      parsed.success
        ? JSON.stringify({ data: texts.map((text, index) => ({ index, embedding: hashed(text) })) })
        : JSON.stringify({ error: { code: "invalid_request" } }),
    );
  })();
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  servePart({ url: `http://127.0.0.1:${address.port}/v1`, facts: {} }, () => counts);
});

/** Numbers from -1 to 1 by a linear congruential generator that the text's hash seeds. */
function hashed(text: string): number[] {
  let state = createHash("md5").update(text).digest().readUInt32LE(0);
  return Array.from({ length: dimensions }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Number((state / 2 ** 31 - 1).toFixed(8));
  });
}
