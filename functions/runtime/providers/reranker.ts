import { required } from "#shared/env.ts";
import type { Provider } from "#functions/runtime/services.ts";
import { makeSignedFetch } from "#functions/runtime/signed-fetch.ts";

/** Chosen by RERANK; null without it. */
export const reranker: Provider<"reranker"> = {
  name: "reranker",
  build: async (env) => {
    if (env.RERANK === "none") return null;
    const { bedrockReranker } = await import("#shared/reranking/bedrock-reranker.ts");
    const region = required(env, "AWS_REGION");
    const fetch = makeSignedFetch({
      signingName: "bedrock",
      endpointPrefix: "bedrock-agent-runtime",
      endpointVariable: "AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME",
      retries: 0,
    });
    const model = env.RERANK_MODEL;
    const modelArn = `arn:${partitionOf(region)}:bedrock:${region}::foundation-model/${model}`;
    return bedrockReranker({ model, modelArn, fetch });
  },
};

function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
