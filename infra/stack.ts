import { ArnFormat, CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { Key } from "aws-cdk-lib/aws-kms";
import type { Code, Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Topic, type ITopic } from "aws-cdk-lib/aws-sns";
import { Trigger } from "aws-cdk-lib/triggers";
import type { Construct } from "constructs";
import { queueNames } from "#shared/messages.ts";
import { statementsOf } from "./constructs/access.ts";
import {
  apiAlarms,
  backgroundAlarms,
  costAlarms,
  databaseAlarms,
  healthAlarms,
  queueAlarms,
  sweepSilentAlarm,
} from "./constructs/alarm-specs.ts";
import { backgroundFunctions } from "./constructs/alarm-kinds.ts";
import { SyncAlarms } from "./constructs/alarms.ts";
import { assertConnectionsSuffice } from "./constructs/connection-budget.ts";
import { AuroraDatabase, existingDatabase } from "./constructs/database.ts";
import { SyncDashboard } from "./constructs/dashboard.ts";
import { environmentOf } from "./constructs/environment.ts";
import { EventSchemas } from "./constructs/event-schemas.ts";
import { SyncApi } from "./constructs/http-api.ts";
import { SyncFunction } from "./constructs/lambda-function.ts";
import { WorkQueue } from "./constructs/queue-worker.ts";
import { SyncSchedule } from "./constructs/schedule.ts";
import type { Settings } from "./constructs/settings.ts";
import {
  EXTRACT_FUNCTION,
  VERIFY_FUNCTION,
  functions,
  queues,
  type FunctionName,
  type FunctionSpec,
} from "./topology.ts";
import { schedules } from "./schedules.ts";
import { routes } from "./routes.ts";

export type SyncStackProps = StackProps & { settings: Settings; code: (name: FunctionName) => Code };

/** The service on AWS: exactly what the topology lists. */
export class SyncStack extends Stack {
  constructor(scope: Construct, id: string, props: SyncStackProps) {
    super(scope, id, props);
    const { settings } = props;
    assertConnectionsSuffice(settings);
    const prefix = `confluence-sync-${settings.stage}`;

    const tokenKey = new Key(this, "TokenKey", {
      description: `Confluence API tokens (stage ${settings.stage})`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const bus = new EventBus(this, "EventBus", { eventBusName: prefix });
    new EventSchemas(this, "EventSchemas", { registryName: prefix });
    const database =
      settings.database === "aurora"
        ? new AuroraDatabase(this, "Database", settings).access
        : existingDatabase(this, settings);
    const workQueues = mapValues(
      queues,
      (name, spec) => new WorkQueue(this, `${name}-queue`, { queueName: `${prefix}-${name}`, spec }),
    );

    // By name: a reference would make the order of the functions in the topology matter.
    const extractFunctionName = `${prefix}-${EXTRACT_FUNCTION}`;
    const verifyFunctionName = `${prefix}-${VERIFY_FUNCTION}`;
    const arnOf = (resourceName: string) =>
      this.formatArn({
        service: "lambda",
        resource: "function",
        resourceName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
    const syncFunctions = mapValues(
      functions,
      (name, spec) =>
        new SyncFunction(this, name, {
          functionName: `${prefix}-${name}`,
          spec,
          code: props.code(name),
          settings,
          loops: sendsToItself(name),
          network: spec.access.some((one) => one === "database") ? database.network : undefined,
          environment: environmentOf(spec.access, settings, {
            databaseSecretArn: database.secretArn,
            queueUrls: mapValues(workQueues, (_, { queue }) => queue.queueUrl),
            tokenKeyArn: tokenKey.keyArn,
            eventBusName: prefix,
            extractFunctionName,
            verifyFunctionName,
          }),
          statements: statementsOf(this, spec.access, settings, {
            databaseSecretArn: database.secretArn,
            queueArns: mapValues(workQueues, (_, { queue }) => queue.queueArn),
            deadLetterArns: Object.values(workQueues).map(({ deadLetters }) => deadLetters.queueArn),
            tokenKeyArn: tokenKey.keyArn,
            eventBusArn: bus.eventBusArn,
            extractFunctionArn: arnOf(extractFunctionName),
            verifyFunctionArn: arnOf(verifyFunctionName),
          }),
        }),
    );
    const lambdaOf = (name: FunctionName) => syncFunctions[name].function;

    for (const queue of Object.values(workQueues)) {
      const { function: worker, role } = syncFunctions[queue.spec.worker];
      queue.attach(worker, role);
    }
    for (const [name, schedule] of Object.entries(schedules)) {
      new SyncSchedule(this, `${name}-schedule`, {
        ruleName: `${prefix}-${name}`,
        schedule,
        target: lambdaOf(schedule.function),
      });
    }
    const { api } = new SyncApi(this, "HttpApi", {
      apiName: prefix,
      routes,
      functions: lambdaOf,
      settings,
    });
    migrateFirst(this, lambdaOf, database.cluster);

    new SyncAlarms(this, "Alarms", {
      prefix,
      topic: alarmTopic(this, prefix, settings),
      alarms: [
        ...queueNames.flatMap((name) =>
          queueAlarms(name, workQueues[name], lambdaOf(workQueues[name].spec.worker)),
        ),
        ...backgroundFunctions().flatMap((name) => backgroundAlarms(name, lambdaOf(name))),
        sweepSilentAlarm(lambdaOf("sweep")),
        ...apiAlarms(api),
        ...healthAlarms(settings),
        ...costAlarms(settings),
        ...(database.cluster ? databaseAlarms(database.cluster) : []),
      ],
    });
    new SyncDashboard(this, "Dashboard", {
      dashboardName: prefix,
      stage: settings.stage,
      api,
      queues: workQueues,
      functions: mapValues(syncFunctions, (_, made) => made.function),
    });

    new CfnOutput(this, "ApiUrl", { value: api.apiEndpoint });
    // The only thing that a monitor's role may invoke (infra/deploying.md).
    new CfnOutput(this, "HealthArn", { value: api.arnForExecuteApi("GET", "/health", "$default") });
    new CfnOutput(this, "EventBusName", { value: bus.eventBusName });
    new CfnOutput(this, "TokenKeyArn", { value: tokenKey.keyArn });
    new CfnOutput(this, "DatabaseSecret", { value: database.secretArn });
  }
}

/**
 * Migrations run before any function gets its new code, and after a cluster of this stack has an instance that the function may connect
 * to: its secret alone exists minutes earlier. When they fail, the deployment is rolled back.
 */
function migrateFirst(
  scope: Construct,
  lambdaOf: (name: FunctionName) => LambdaFunction,
  cluster: Construct | undefined,
): void {
  const others = (Object.keys(functions) as FunctionName[]).filter((name) => name !== "migrate-database");
  new Trigger(scope, "Migrate", {
    handler: lambdaOf("migrate-database"),
    timeout: Duration.seconds(functions["migrate-database"].timeoutSeconds),
    executeOnHandlerChange: true,
    executeAfter: cluster ? [cluster] : [],
    executeBefore: others.map(lambdaOf),
  });
}

/** Polls a queue that it sends to: a step of an operation starts the next one. */
function sendsToItself(name: FunctionName): boolean {
  const { access }: FunctionSpec = functions[name];
  return Object.entries(queues).some(
    ([queue, { worker }]) => worker === name && access.some((one) => one === `send-${queue}`),
  );
}

/** The given topic, or a new one that people subscribe to. */
function alarmTopic(scope: Construct, prefix: string, settings: Settings): ITopic {
  if (settings.alarmTopicArn) return Topic.fromTopicArn(scope, "AlarmTopic", settings.alarmTopicArn);
  const topic = new Topic(scope, "AlarmTopic", { topicName: `${prefix}-alarms`, enforceSSL: true });
  new CfnOutput(scope, "AlarmTopicArn", { value: topic.topicArn });
  return topic;
}

function mapValues<K extends string, V, R>(
  record: Readonly<Record<K, V>>,
  make: (key: K, value: V) => R,
): Record<K, R> {
  const entries = (Object.entries(record) as [K, V][]).map(([key, value]) => [key, make(key, value)]);
  return Object.fromEntries(entries) as Record<K, R>;
}
