import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { servePart } from "./part.ts";

/** An OpenAI-compatible server whose vectors are made of the texts' words: `serve-vectors.ts DIMENSIONS`. */
const dimensions = Number(process.argv[2]);
/** OpenAI API reference, "Create embeddings". */
const MAX_TEXTS = 2048;
const requestSchema = z.object({ input: z.array(z.string().min(1)).min(1).max(MAX_TEXTS) });
const NUMBERS_OF_A_WORD = 8;
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

/**
 * The text's words, each added to and taken from a few numbers that its hash chooses: texts with the same words are near each other, as
 * with a model, and so are the parts of a page. (Random vectors, all equally far from each other, would take the index much longer.)
 */
function hashed(text: string): number[] {
  const vector = new Float64Array(dimensions);
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]{4,}/gu)) {
    let state = 0x811c9dc5;
    for (let at = 0; at < word.length; at += 1) state = Math.imul(state ^ word.charCodeAt(at), 0x01000193);
    for (let n = 0; n < NUMBERS_OF_A_WORD; n += 1) {
      state = (Math.imul(state ^ (state >>> 15), 1_664_525) + 1_013_904_223) >>> 0;
      const at = state % dimensions;
      vector[at] = (vector[at] ?? 0) + (state & 0x10000 ? 1 : -1);
    }
  }
  const length = Math.hypot(...vector);
  // A text without such words still needs a vector that is not zero.
  if (length === 0) return Array.from(vector, (_, n) => (n === 0 ? 1 : 0));
  return Array.from(vector, (value) => Number((value / length).toFixed(6)));
}
