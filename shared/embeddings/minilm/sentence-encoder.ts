import { readFile } from "node:fs/promises";
import { Tokenizer } from "@huggingface/tokenizers";
import type { Tensor } from "onnxruntime-web";
import { z } from "zod";
import { loadModel, type RuntimeName } from "./onnx-runtime.ts";

export const DIMENSIONS = 384;

/** What the model was trained on, CLS and SEP included (model card of all-MiniLM-L6-v2); the rest of a text is not looked at. */
const MAX_TOKENS = 256;
const SEP = 102;
/** More than 256 tokens in any language: a pasted document need not be tokenized to its end. */
const MAX_CHARACTERS = 8000;

const tokenizerFile = z.looseObject({ truncation: z.unknown(), padding: z.unknown() });

export type SentenceEncoder = {
  runtime: RuntimeName;
  /** A vector of length 1. Texts without a word have one too: that of CLS and SEP. */
  encode(text: string): Promise<Float32Array>;
};

/** all-MiniLM-L6-v2 int8 for one thread: tokens, hidden states, their mean, normalized. */
export async function loadSentenceEncoder(runtime?: RuntimeName): Promise<SentenceEncoder> {
  const file = await readFile(new URL("./tokenizer.json", import.meta.url), "utf8");
  // Its own cut is at 128 tokens and pads all to that length.
  const tokenizer = new Tokenizer(
    { ...tokenizerFile.parse(JSON.parse(file)), truncation: null, padding: null },
    {},
  );
  const { session, Tensor, ...loaded } = await loadModel(new URL("./model.onnx", import.meta.url), runtime);
  const [hidden = ""] = session.outputNames;
  return {
    runtime: loaded.runtime,
    encode: async (text) => {
      const ids = cut(tokenizer.encode(text.slice(0, MAX_CHARACTERS)).ids);
      const tensor = (value: (id: number) => number): Tensor =>
        new Tensor(
          "int64",
          BigInt64Array.from(ids, (id) => BigInt(value(id))),
          [1, ids.length],
        );
      const outputs = await session.run({
        input_ids: tensor((id) => id),
        attention_mask: tensor(() => 1),
        token_type_ids: tensor(() => 0),
      });
      return normalized(mean(z.instanceof(Float32Array).parse(outputs[hidden]?.data), ids.length));
    },
  };
}

function cut(ids: number[]): number[] {
  return ids.length <= MAX_TOKENS ? ids : [...ids.slice(0, MAX_TOKENS - 1), SEP];
}

/** Plain loops: for 256 tokens these are 100,000 numbers, and iterators take longer over them than their sum. */
function mean(states: Float32Array, tokens: number): Float32Array {
  const sums = new Float32Array(DIMENSIONS);
  for (let token = 0, at = 0; token < tokens; token += 1) {
    for (let dimension = 0; dimension < DIMENSIONS; dimension += 1, at += 1) sums[dimension]! += states[at]!;
  }
  return sums.map((sum) => sum / tokens);
}

function normalized(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
