import { Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IConstruct } from "constructs";
import { queueSentTo, sendsMessages, type Access } from "#infra/access.ts";
import type { QueueName } from "#shared/messages.ts";
import type { Settings } from "./settings.ts";

/** ARNs that permissions are granted on. */
export type AccessTargets = {
  databaseSecretArn: string;
  queueArns: Record<QueueName, string>;
  deadLetterArns: string[];
  tokenKeyArn: string;
  eventBusArn: string;
  extractFunctionArn: string;
  verifyFunctionArn: string;
};

/** The statements of a function's access; each names its actions and its one resource. */
export function statementsOf(
  scope: IConstruct,
  access: readonly Access[],
  settings: Settings,
  targets: AccessTargets,
): PolicyStatement[] {
  return access.flatMap((one) => {
    if (sendsMessages(one)) return allow("sqs:SendMessage", targets.queueArns[queueSentTo(one)]);
    switch (one) {
      case "database":
        return readSecret(scope, settings, targets.databaseSecretArn);
      case "encrypt-token":
        return onTokenKey("kms:Encrypt", targets.tokenKeyArn);
      case "decrypt-token":
        return onTokenKey("kms:Decrypt", targets.tokenKeyArn);
      case "embed":
        return embedStatements(scope, settings);
      case "rerank":
        return rerankStatements(scope, settings);
      case "extract":
        return allow("lambda:InvokeFunction", targets.extractFunctionArn);
      case "verify":
        return allow("lambda:InvokeFunction", targets.verifyFunctionArn);
      case "show-content":
      case "name-issuer":
      case "price-embeddings":
        return [];
      case "download-files":
        // Signed addresses need no permission.
        return [];
      case "put-events":
        return allow("events:PutEvents", targets.eventBusArn);
      case "redrive":
        return redriveStatements(targets);
      case "read-queues":
        return readQueuesStatements(targets);
    }
  });
}

/** Receives from the dead-letter queues, sends to the queues; nothing else. */
function redriveStatements(targets: AccessTargets): PolicyStatement[] {
  return [
    new PolicyStatement({
      actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
      resources: targets.deadLetterArns,
    }),
    new PolicyStatement({
      actions: ["sqs:SendMessage", "sqs:GetQueueAttributes"],
      resources: Object.values(targets.queueArns),
    }),
  ];
}

/** Attributes of all queues; receives from the dead-letter queues. */
function readQueuesStatements({ queueArns, deadLetterArns }: AccessTargets): PolicyStatement[] {
  return [
    new PolicyStatement({
      actions: ["sqs:GetQueueAttributes"],
      resources: [...Object.values(queueArns), ...deadLetterArns],
    }),
    new PolicyStatement({ actions: ["sqs:ReceiveMessage"], resources: deadLetterArns }),
  ];
}

function allow(action: string, resource: string): PolicyStatement {
  return new PolicyStatement({ effect: Effect.ALLOW, actions: [action], resources: [resource] });
}

/** The secret, and the key that it is encrypted with where that is not AWS's own; the key through Secrets Manager only. */
function readSecret(scope: IConstruct, settings: Settings, secretArn: string): PolicyStatement[] {
  const { region, urlSuffix } = Stack.of(scope);
  const decrypt = (key: string) =>
    new PolicyStatement({
      actions: ["kms:Decrypt"],
      resources: [key],
      conditions: {
        StringEquals: {
          "kms:ViaService": `secretsmanager.${region}.${urlSuffix}`,
          "kms:EncryptionContext:SecretARN": secretArn,
        },
      },
    });
  return [
    allow("secretsmanager:GetSecretValue", secretArn),
    ...(settings.secretsKeyArn ? [decrypt(settings.secretsKeyArn)] : []),
  ];
}

/** Only with the encryption context that the cipher uses: `source_id`, and nothing beside it. */
function onTokenKey(action: string, keyArn: string): PolicyStatement {
  return new PolicyStatement({
    effect: Effect.ALLOW,
    actions: [action],
    resources: [keyArn],
    conditions: {
      Null: { "kms:EncryptionContext:source_id": "false" },
      "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["source_id"] },
    },
  });
}

/** The embedder's, and the previous one's while sources switch from it. */
function embedStatements(scope: IConstruct, settings: Settings): PolicyStatement[] {
  const used = [
    { kind: settings.embeddings, model: settings.embeddingsModel },
    { kind: settings.embeddingsPrevious, model: settings.embeddingsPreviousModel },
  ];
  const models = used.flatMap(({ kind, model }) => (kind === "bedrock" && model ? [model] : []));
  const secrets = used.some(({ kind }) => kind === "openai") ? settings.embeddingsSecretArn : undefined;
  return [
    ...models.map((model) => invokeModel(scope, model)),
    ...(secrets ? readSecret(scope, settings, secrets) : []),
  ];
}

/** `bedrock:Rerank` has no resource in AWS: what limits it is the one model that may be invoked. */
function rerankStatements(scope: IConstruct, settings: Settings): PolicyStatement[] {
  if (settings.rerank === "none") return [];
  return [allow("bedrock:Rerank", "*"), invokeModel(scope, settings.rerankModel)];
}

function invokeModel(scope: IConstruct, model: string): PolicyStatement {
  const arn = Stack.of(scope).formatArn({
    service: "bedrock",
    account: "",
    resource: "foundation-model",
    resourceName: model,
  });
  return allow("bedrock:InvokeModel", arn);
}
