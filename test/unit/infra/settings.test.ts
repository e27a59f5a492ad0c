import { describe, expect, it } from "vitest";
import { parseSettings } from "#infra/constructs/settings.ts";

const parse = (context: Record<string, unknown>) => parseSettings((key) => context[key]);
const SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database";

describe("settings of a deployment", () => {
  it("deployment settings require a complete ARN of a secret: a policy for one without its last six characters would match nothing", () => {
    expect(parse({ databaseSecretArn: `${SECRET}-AbCdEf` }).databaseSecretArn).toBe(`${SECRET}-AbCdEf`);
    expect(() => parse({ databaseSecretArn: SECRET })).toThrow(/six characters/);
  });

  it.each(["amazon.titan-embed-text-v2:0", "cohere.embed-v4:0", "cohere.embed-multilingual-v3"])(
    "deployment settings accept the Bedrock model %s",
    (embeddingsModel) => expect(parse({ embeddingsModel }).embeddingsModel).toBe(embeddingsModel),
  );

  it.each(["us.cohere.embed-v4:0", "amazon.titan-embed-text-v1", "meta.llama"])(
    "deployment settings reject the Bedrock model %s before anything is deployed",
    (embeddingsModel) => expect(() => parse({ embeddingsModel })).toThrow(/Bedrock/),
  );

  it("deployment settings leave reranking off, and accept only Bedrock's reranking models", () => {
    expect(parse({})).toMatchObject({ rerank: "none", rerankModel: "cohere.rerank-v3-5:0" });
    expect(parse({ rerank: "bedrock", rerankModel: "amazon.rerank-v1:0" })).toMatchObject({
      rerank: "bedrock",
      rerankModel: "amazon.rerank-v1:0",
    });
    expect(() => parse({ rerankModel: "cohere.embed-v4:0" })).toThrow(/rerankModel/);
  });

  it("deployment settings accept retention in days, as text or as a number, and reject other values", () => {
    expect(parse({})).toMatchObject({
      operationRetentionDays: 90,
      changeRetentionDays: 7,
      eventRetentionDays: 7,
    });
    expect(
      parse({ operationRetentionDays: "30", changeRetentionDays: "21", eventRetentionDays: 14 }),
    ).toMatchObject({
      operationRetentionDays: 30,
      changeRetentionDays: 21,
      eventRetentionDays: 14,
    });
    expect(() => parse({ operationRetentionDays: "0" })).toThrow(
      /whole number of days[\s\S]*operationRetentionDays/,
    );
  });

  it("deployment settings take as callers that may see everything only ARNs of IAM, and an age of evidence of a day at most", () => {
    const role = "arn:aws:iam::123456789012:role/Reports";
    expect(parse({ searchAllCallers: [role] }).searchAllCallers).toEqual([role]);
    for (const wrong of ["*", "Reports", "arn:aws:s3:::bucket", `${role},*`]) {
      expect(() => parse({ searchAllCallers: wrong })).toThrow(/searchAllCallers/);
    }
    expect(parse({}).accessMaxAgeHours).toBe(4);
    expect(parse({ accessMaxAgeHours: "24" }).accessMaxAgeHours).toBe(24);
    for (const wrong of [0, 25])
      expect(() => parse({ accessMaxAgeHours: wrong })).toThrow(/accessMaxAgeHours/);
    expect(parse({}).accessSweepMinutes).toBe(15);
    for (const wrong of [0, 241, 1.5])
      expect(() => parse({ accessSweepMinutes: wrong })).toThrow(/accessSweepMinutes/);
    expect(parse({ accessSweepMinutes: 120 }).accessSweepMinutes).toBe(120);
    expect(() => parse({ accessSweepMinutes: 121 })).toThrow(/at most half of accessMaxAgeHours/);
    expect(parse({ accessSweepMinutes: 240, accessMaxAgeHours: 8 }).accessSweepMinutes).toBe(240);
  });

  it("deployment settings report every fault at once", () => {
    expect(() => parse({ stage: "Prod!", logLevel: "error" })).toThrow(
      /stage[\s\S]*logLevel|logLevel[\s\S]*stage/,
    );
  });
});
