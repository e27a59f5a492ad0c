import { describe, expect, it } from "vitest";
import { functions, type FunctionSpec } from "#infra/topology.ts";
import { synthesize } from "./synthesized.ts";

type Statement = { Action: string | string[]; Resource: unknown; Effect: string; Condition?: unknown };

/** For these AWS knows no resource. */
const UNSCOPABLE = /^(xray:Put(TraceSegments|TelemetryRecords)|bedrock:Rerank|ec2:\w+)$/;

/** Actions of every function's role, without those that all have (own log group, traces). */
function actionsByFunction(context: Record<string, unknown>): Record<string, string[]> {
  const policies = rolePolicies(context);
  return Object.fromEntries(
    Object.keys(functions).map((name) => [
      name,
      [...new Set((policies.get(name) ?? []).flatMap(({ Action }) => Action))]
        .filter((action) => !/^(logs|xray):/.test(action))
        .sort(),
    ]),
  );
}

function rolePolicies(context: Record<string, unknown>): Map<string, Statement[]> {
  const policies = synthesize(context).findResources("AWS::IAM::Policy");
  const byFunction = new Map<string, Statement[]>();
  for (const name of Object.keys(functions)) {
    const prefix = `${name.replaceAll("-", "")}RoleDefaultPolicy`;
    const own = Object.entries(policies).filter(([id]) => id.startsWith(prefix));
    byFunction.set(
      name,
      own.flatMap(([, policy]) => policy.Properties.PolicyDocument.Statement as Statement[]),
    );
  }
  return byFunction;
}

describe("rights", () => {
  it.each([
    {},
    { database: "aurora" },
    {
      embeddings: "openai",
      embeddingsModel: "m",
      embeddingsSecretArn: "arn:aws:secretsmanager:eu-west-1:1:secret:e-AbCdEf",
    },
    { rerank: "bedrock" },
  ])("permissions name actions and resources without a wildcard (%j)", (context) => {
    for (const [name, statements] of rolePolicies(context)) {
      expect(statements.length, name).toBeGreaterThan(0);
      for (const { Action, Resource, Effect } of statements) {
        const actions = [Action].flat();
        expect(Effect).toBe("Allow");
        expect(actions.filter((action) => action.includes("*"))).toEqual([]);
        const wild = [Resource].flat().some((one) => JSON.stringify(one).includes("*"));
        expect(
          wild && !actions.every((action) => UNSCOPABLE.test(action)),
          `${name}: ${actions.join()}`,
        ).toBe(false);
      }
    }
  });

  it("the permissions of each function are exactly those of the snapshot", () => {
    expect(actionsByFunction({})).toMatchInlineSnapshot(`
      {
        "cancel-sync": [
          "secretsmanager:GetSecretValue",
        ],
        "change-models": [
          "bedrock:InvokeModel",
          "secretsmanager:GetSecretValue",
        ],
        "check-deletions": [
          "secretsmanager:GetSecretValue",
          "sqs:SendMessage",
        ],
        "connect-site": [
          "bedrock:InvokeModel",
          "kms:Decrypt",
          "kms:Encrypt",
          "secretsmanager:GetSecretValue",
        ],
        "create-source": [
          "bedrock:InvokeModel",
          "kms:Encrypt",
          "secretsmanager:GetSecretValue",
        ],
        "delete-source": [
          "secretsmanager:GetSecretValue",
        ],
        "discover-spaces": [
          "kms:Decrypt",
          "secretsmanager:GetSecretValue",
        ],
        "explain-access": [
          "secretsmanager:GetSecretValue",
        ],
        "extract-attachment": [],
        "get-progress": [
          "secretsmanager:GetSecretValue",
        ],
        "get-source": [
          "secretsmanager:GetSecretValue",
        ],
        "get-status": [
          "secretsmanager:GetSecretValue",
        ],
        "health": [
          "secretsmanager:GetSecretValue",
        ],
        "hooks": [
          "secretsmanager:GetSecretValue",
        ],
        "identities": [
          "secretsmanager:GetSecretValue",
        ],
        "knowledge-items": [
          "secretsmanager:GetSecretValue",
        ],
        "list-pages": [
          "secretsmanager:GetSecretValue",
        ],
        "list-progress": [
          "secretsmanager:GetSecretValue",
        ],
        "list-sources": [
          "secretsmanager:GetSecretValue",
        ],
        "manage-sites": [
          "secretsmanager:GetSecretValue",
        ],
        "mcp": [
          "bedrock:InvokeModel",
          "lambda:InvokeFunction",
          "secretsmanager:GetSecretValue",
        ],
        "mcp-metadata": [],
        "measure-health": [
          "secretsmanager:GetSecretValue",
        ],
        "migrate-database": [
          "bedrock:InvokeModel",
          "secretsmanager:GetSecretValue",
        ],
        "not-provided": [],
        "openapi": [],
        "plan-sync": [
          "kms:Decrypt",
          "secretsmanager:GetSecretValue",
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ],
        "process-attachment": [
          "bedrock:InvokeModel",
          "kms:Decrypt",
          "lambda:InvokeFunction",
          "secretsmanager:GetSecretValue",
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ],
        "process-page": [
          "bedrock:InvokeModel",
          "kms:Decrypt",
          "secretsmanager:GetSecretValue",
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ],
        "pulse-sites": [
          "kms:Decrypt",
          "secretsmanager:GetSecretValue",
          "sqs:SendMessage",
        ],
        "queues": [
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ],
        "receive-hook": [
          "secretsmanager:GetSecretValue",
          "sqs:SendMessage",
        ],
        "reconcile-deletions": [
          "kms:Decrypt",
          "secretsmanager:GetSecretValue",
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ],
        "redrive-dead-letters": [
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ],
        "search": [
          "bedrock:InvokeModel",
          "lambda:InvokeFunction",
          "secretsmanager:GetSecretValue",
        ],
        "start-scheduled-syncs": [
          "secretsmanager:GetSecretValue",
          "sqs:SendMessage",
        ],
        "stored-pages": [
          "secretsmanager:GetSecretValue",
        ],
        "sweep": [
          "events:PutEvents",
          "secretsmanager:GetSecretValue",
          "sqs:SendMessage",
        ],
        "sweep-access": [
          "kms:Decrypt",
          "secretsmanager:GetSecretValue",
        ],
        "trigger-sync": [
          "secretsmanager:GetSecretValue",
          "sqs:SendMessage",
        ],
        "update-source": [
          "kms:Decrypt",
          "kms:Encrypt",
          "secretsmanager:GetSecretValue",
        ],
        "verify-hits": [
          "kms:Decrypt",
          "secretsmanager:GetSecretValue",
        ],
      }
    `);
  });

  it("permissions to invoke a function are those of the file worker, on the extracting function, which may do nothing itself, and of what searches, on the one that asks Confluence", () => {
    const invokes = [...rolePolicies({})].flatMap(([name, statements]) =>
      statements
        .filter(({ Action }) => Action === "lambda:InvokeFunction")
        .map(({ Resource }) => [name, JSON.stringify(Resource)]),
    );
    const on = (name: string): unknown =>
      expect.stringMatching(new RegExp(`:function:confluence-sync-dev-${name}"\\]\\]\\}$`));
    expect(invokes).toEqual([
      ["search", on("verify-hits")],
      ["mcp", on("verify-hits")],
      ["process-attachment", on("extract-attachment")],
    ]);
    const own = rolePolicies({ database: "aurora" }).get("extract-attachment") ?? [];
    expect(own.flatMap(({ Action }) => Action).sort()).toEqual([
      "logs:CreateLogStream",
      "logs:PutLogEvents",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]);
  });

  it("permissions to rerank are those of the functions that search alone, on the configured model, and only where it is configured", () => {
    const rerankModel = "amazon.rerank-v1:0";
    const invokes = ({ Action, Resource }: Statement) =>
      Action === "bedrock:InvokeModel" && JSON.stringify(Resource).includes(rerankModel);
    const searches = (name: string) => name === "search" || name === "mcp";
    const without = actionsByFunction({});
    const configured = actionsByFunction({ rerank: "bedrock", rerankModel });
    for (const [name, statements] of rolePolicies({ rerank: "bedrock", rerankModel })) {
      expect(statements.some(invokes), name).toBe(searches(name));
      expect(configured[name], name).toEqual(
        searches(name)
          ? [
              "bedrock:InvokeModel",
              "bedrock:Rerank",
              "lambda:InvokeFunction",
              "secretsmanager:GetSecretValue",
            ]
          : without[name],
      );
    }
  });

  it("permissions allow decrypting tokens only with the source as encryption context", () => {
    const statements = [...rolePolicies({}).values()].flat();
    const onKey = statements.filter(({ Action }) =>
      [Action].flat().some((action) => action.startsWith("kms:")),
    );
    expect(onKey.length).toBeGreaterThan(3);
    for (const { Condition } of onKey) {
      expect(Condition).toEqual({
        Null: { "kms:EncryptionContext:source_id": "false" },
        "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["source_id"] },
      });
    }
  });

  it("permissions allow the key of a secret only through Secrets Manager and for that secret", () => {
    const secretsKeyArn = "arn:aws:kms:eu-west-1:123456789012:key/secrets";
    const databaseSecretArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf";
    const policies = rolePolicies({ secretsKeyArn, databaseSecretArn });
    for (const [name, spec] of Object.entries<FunctionSpec>(functions)) {
      const onKey = (policies.get(name) ?? []).filter(({ Resource }) => Resource === secretsKeyArn);
      expect(onKey.length, name).toBe(spec.access.includes("database") ? 1 : 0);
      for (const { Action, Condition } of onKey) {
        expect(Action).toBe("kms:Decrypt");
        expect(Condition).toMatchObject({
          StringEquals: { "kms:EncryptionContext:SecretARN": databaseSecretArn },
        });
        expect(JSON.stringify(Condition)).toContain("secretsmanager.");
      }
    }
  });

  it("permissions never let a read-only function send work or decrypt tokens", () => {
    const actions = actionsByFunction({});
    for (const name of [
      "list-sources",
      "get-source",
      "get-status",
      "list-pages",
      "list-progress",
      "health",
    ]) {
      expect(actions[name]).toEqual(["secretsmanager:GetSecretValue"]);
    }
  });
});
