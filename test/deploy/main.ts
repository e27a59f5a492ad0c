import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { EventBridgeClient, ListRulesCommand, ListTargetsByRuleCommand } from "@aws-sdk/client-eventbridge";
import { GetKeyRotationStatusCommand, KMSClient, ListKeysCommand } from "@aws-sdk/client-kms";
import { LambdaClient, ListEventSourceMappingsCommand, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { schedules } from "#infra/schedules.ts";
import { functions, queues, type FunctionSpec } from "#infra/topology.ts";
import { installEmulator, startEmulator } from "./emulator.ts";
import { readRolePolicies } from "./role-policies.ts";

/*
 * Deploys cdk.out as it is with the CDK command line to moto's server, then asks AWS's own clients what is there. The command
 * line's word is not taken for it: it prints success also when the emulator failed halfway.
 */
const STACK = "confluence-sync-dev";
const REGION = "us-east-1";
const ACCOUNT = "123456789012";
const SECRET_ARN = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:database-AbCdEf`;

/** Types that moto 5.2 cannot make from CloudFormation: this test says nothing of them. Another one here is a finding. */
const NOT_EMULATED = [
  "AWS::ApiGatewayV2::Api",
  "AWS::ApiGatewayV2::Integration",
  "AWS::ApiGatewayV2::Route",
  "AWS::ApiGatewayV2::Stage",
  "AWS::CDK::Metadata",
  "AWS::CloudWatch::Alarm",
  "AWS::EventSchemas::Registry",
  "AWS::EventSchemas::Schema",
  "AWS::S3::BucketPolicy",
  "AWS::SNS::TopicPolicy",
  "AWS::SQS::QueuePolicy",
];

let passed = 0;
let failed = 0;
async function check(name: string, holds: () => unknown): Promise<void> {
  try {
    await holds();
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n      ${error instanceof Error ? error.message : String(error)}`);
  }
}

installEmulator();
const emulator = await startEmulator();
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const clientOptions = { region: REGION, endpoint: emulator.url, credentials };

/** Not the synchronous kind: the emulator stops when nobody reads what it prints meanwhile. */
const run = promisify(execFile);

async function cdk(...words: string[]): Promise<void> {
  await run("cdk", words, {
    maxBuffer: 64 * 1024 * 1024,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      // The CDK derives the template's S3 address from this host, and moto reads a bucket from its path only on "localhost";
      // S3 itself is asked by address, because no resolver knows bucket.localhost.
      AWS_ENDPOINT_URL: emulator.url.replace("127.0.0.1", "localhost"),
      AWS_ENDPOINT_URL_S3: emulator.url,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      CDK_DEFAULT_ACCOUNT: ACCOUNT,
      CDK_DEFAULT_REGION: REGION,
    },
  });
}

try {
  console.log("== synthesis, bootstrap, deployment");
  await run("npm", ["run", "-s", "synth"]);
  await cdk("bootstrap", `aws://${ACCOUNT}/${REGION}`, "--output", "dist/bootstrap.cdk.out");
  await cdk(
    "deploy",
    "--app",
    "cdk.out",
    STACK,
    "--require-approval",
    "never",
    "--parameters",
    `DatabaseUrlArn=${SECRET_ARN}`,
  );

  console.log("== what is there");
  await check("the emulator failed nowhere", () => {
    assert.deepEqual(faultsOfEmulator(), []);
  });
  await check("it passed over no type but the known ones", () => {
    const skipped = [...emulator.log().matchAll(/No Moto CloudFormation support for (\S+)/g)].map(
      (match) => match[1] ?? "",
    );
    assert.deepEqual(
      [...new Set(skipped)].filter((type) => !NOT_EMULATED.includes(type)),
      [],
    );
    console.log(
      `      not emulated, so not shown here: ${[...new Set(skipped)].sort((a, b) => a.localeCompare(b)).join(", ")}`,
    );
  });
  await checkFunctions();
  await checkQueues();
  await checkRules();
  await checkPolicies();
  await check("and it answered each of these questions", () => assert.deepEqual(faultsOfEmulator(), []));
} catch (error) {
  console.log(faultsOfEmulator().join("\n"));
  throw error;
} finally {
  emulator.stop();
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function faultsOfEmulator(): string[] {
  return emulator.log().match(/^\w*(Error|Exception): .*$/gm) ?? [];
}

async function checkFunctions(): Promise<void> {
  const lambda = new LambdaClient(clientOptions);
  const { Functions: found = [] } = await lambda.send(new ListFunctionsCommand({ MaxItems: 100 }));
  await check(`all ${Object.keys(functions).length} functions, with runtime, time and memory`, () => {
    for (const [name, spec] of Object.entries<FunctionSpec>(functions)) {
      const made = found.find(({ FunctionName }) => FunctionName === `${STACK}-${name}`);
      assert.deepEqual(
        [made?.Runtime, made?.Timeout, made?.MemorySize],
        ["nodejs24.x", spec.timeoutSeconds, spec.memoryMb],
        name,
      );
    }
  });
  const { EventSourceMappings: mappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
  await check("an event source mapping a queue, to its worker, reporting each record", () => {
    assert.equal(mappings.length, Object.keys(queues).length);
    for (const [name, spec] of Object.entries(queues)) {
      const mapping = mappings.find(({ EventSourceArn }) => EventSourceArn?.endsWith(`:${STACK}-${name}`));
      assert.ok(
        mapping?.FunctionArn?.includes(`${STACK}-${spec.worker}`),
        `${name} → ${mapping?.FunctionArn}`,
      );
      assert.equal(mapping?.BatchSize, spec.batchSize, name);
    }
  });
}

async function checkQueues(): Promise<void> {
  const sqs = new SQSClient(clientOptions);
  const { QueueUrls: urls = [] } = await sqs.send(new ListQueuesCommand({}));
  await check("two queues for each of the topology's, no other", () =>
    assert.equal(urls.length, Object.keys(queues).length * 2),
  );
  for (const [name, spec] of Object.entries(queues)) {
    await check(`queue ${name}: visibility, dead letters, and a message arrives`, async () => {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: `${STACK}-${name}` }));
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
      );
      assert.equal(Attributes?.VisibilityTimeout, String(spec.visibilityTimeoutSeconds));
      assert.deepEqual(JSON.parse(Attributes.RedrivePolicy ?? "null"), {
        deadLetterTargetArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:${STACK}-${name}-dead-letters`,
        maxReceiveCount: spec.maxReceiveCount,
      });
      // Sent to the dead-letter queue's twin too would prove nothing more; no worker takes it, for moto runs no functions.
      const body = JSON.stringify({ operation_id: "00000000-0000-4000-8000-000000000000", source_id: "s" });
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body, MessageGroupId: "s" }));
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
      assert.equal(Messages?.[0]?.Body, body);
    });
  }
}

async function checkRules(): Promise<void> {
  const events = new EventBridgeClient(clientOptions);
  const { Rules: rules = [] } = await events.send(new ListRulesCommand({}));
  for (const [name, schedule] of Object.entries(schedules)) {
    await check(`rule ${name} runs ${schedule.function}`, async () => {
      const rule = rules.find(({ Name }) => Name === `${STACK}-${name}`);
      assert.equal(rule?.State, "ENABLED");
      const { Targets: targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: rule.Name }));
      assert.equal(targets.length, 1);
      assert.ok(targets[0]?.Arn?.endsWith(`:${STACK}-${schedule.function}`), targets[0]?.Arn);
    });
  }
  await check("the key of the tokens rotates", async () => {
    const kms = new KMSClient(clientOptions);
    const { Keys: keys = [] } = await kms.send(new ListKeysCommand({}));
    const states = await Promise.all(
      keys.map((key) => kms.send(new GetKeyRotationStatusCommand({ KeyId: key.KeyId }))),
    );
    assert.ok(states.some((state) => state.KeyRotationEnabled));
  });
}

async function checkPolicies(): Promise<void> {
  const policies = await readRolePolicies(emulator.url);
  await check("every function's role has a policy, without a wildcard action", () => {
    for (const name of Object.keys(functions)) {
      const role = name.replaceAll("-", "");
      const own = policies.filter((policy) => policy.role.includes(`${role}Role`));
      assert.ok(own.length > 0, `No policy for ${name}`);
      for (const { actions } of own)
        assert.deepEqual(
          actions.filter((action) => action.includes("*")),
          [],
        );
    }
  });
}
