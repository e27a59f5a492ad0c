import { routes } from "#infra/routes.ts";
import { schedules } from "#infra/schedules.ts";
import * as topology from "#infra/topology.ts";
import { queueNames, queueUrlVariable, type QueueName } from "#shared/messages.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { startLocalRunner, type LocalRunner } from "#infra/local/runner/start.ts";
import { startTestSite } from "#test/support/service-with-site.ts";
import type { RunningSite } from "#infra/local/confluence-site/start.ts";
import { startAwsServices, type AwsServices } from "./aws-services.ts";
import { readDeployedFunctions, type DeployedFunction } from "./deployed-functions.ts";
import { makeFunctionPool, type FunctionPool } from "./function-pool.ts";
import type { LocalDatabase } from "./local-database.ts";

const SECRET_ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:database-AbCdEf";
const KEY_ARN = "arn:aws:kms:us-east-1:000000000000:key/tokens";
const PAGES = 30;

/** The template's functions, each in environments of its own, behind the local runner's API Gateway, SQS and EventBridge. */
export type Deployment = {
  functions: DeployedFunction[];
  pools: Map<string, FunctionPool>;
  runner: LocalRunner;
  confluence: RunningSite;
  services: AwsServices;
  /** How environments are started, beside what the template says. */
  environment: { runtimeClient: string; variables: Record<string, string>; writeLog: (line: string) => void };
  migrations: unknown;
  database: LocalDatabase;
  /** The database's role gets another password, and the secret says so. */
  rotatePassword: () => Promise<void>;
  logs: () => string;
  close: () => Promise<void>;
};

export async function startDeployment(options: {
  runtimeClient: string;
  database: LocalDatabase;
  scratch: string;
}): Promise<Deployment> {
  const secrets = { [SECRET_ARN]: options.database.secret() };
  const services = await startAwsServices(secrets);
  const confluence = await startTestSite(PAGES);
  let logs = "";
  const variables: Record<string, string> = {
    AWS_ENDPOINT_URL: services.url,
    // The simulated Confluence site is on loopback, which no deployment allows.
    ALLOW_LOOPBACK: "true",
  };
  const environment = {
    runtimeClient: options.runtimeClient,
    variables,
    writeLog: (line: string) => {
      logs = (logs + line).slice(-1_000_000);
    },
  };
  const queueUrl = (name: QueueName) =>
    `https://sqs.us-east-1.amazonaws.com/000000000000/confluence-sync-${name}`;
  const functions = readDeployedFunctions("cdk.out", "dev", {
    DATABASE_SECRET_ARN: SECRET_ARN,
    TOKEN_KEY_ARN: KEY_ARN,
    EVENT_BUS_NAME: "confluence-sync-dev",
    ...Object.fromEntries(queueNames.map((name) => [queueUrlVariable(name), queueUrl(name)])),
  });
  const pools = new Map(
    functions.map((deployed) => [deployed.name, makeFunctionPool(deployed, environment)]),
  );
  const poolOf = (name: string) => {
    const pool = pools.get(name);
    if (!pool) throw new Error(`The template has no function ${name}`);
    return pool;
  };
  // As a deployment does: migrations first.
  const migrations = await poolOf("migrate-database").invoke({});
  const runner = await startLocalRunner({
    env: { DATABASE_URL: options.database.adminUrl, LOG_LEVEL: "silent" },
    services: { embedder: fakeEmbedder() },
    schedules: false,
    topology: {
      ...topology,
      schedules,
      routes,
      // Two environments a queue are enough for two cores.
      queues: Object.fromEntries(
        Object.entries(topology.queues).map(([name, queue]) => [
          name,
          { ...queue, maxConcurrency: Math.min(2, queue.maxConcurrency) },
        ]),
      ),
    },
    handlers: new Map(functions.map(({ name }) => [name, (event: unknown) => poolOf(name).invoke(event)])),
  });
  variables.AWS_ENDPOINT_URL_SQS = runner.sqs.url;
  variables.AWS_ENDPOINT_URL_LAMBDA = runner.url;
  for (const deployed of functions) {
    // The runner knows functions by their names in the topology.
    if ("EXTRACT_FUNCTION" in deployed.variables) {
      deployed.variables.EXTRACT_FUNCTION = topology.EXTRACT_FUNCTION;
    }
    for (const name of queueNames) {
      const url = runner.sqs.queues[name]?.url ?? "";
      const variable = queueUrlVariable(name);
      // The SDK asks the host of a queue's URL; fauxqs names one that only its own clients resolve.
      if (variable in deployed.variables) {
        deployed.variables[variable] = new URL(new URL(url).pathname, runner.sqs.url).href;
      }
    }
  }
  return {
    functions,
    pools,
    runner,
    confluence,
    services,
    environment,
    migrations,
    database: options.database,
    rotatePassword: async () => {
      await options.database.rotate("after the rotation");
      secrets[SECRET_ARN] = options.database.secret();
    },
    logs: () => logs,
    close: async () => {
      await runner.close();
      await Promise.all([...pools.values()].map((pool) => pool.stop()));
      await confluence.close();
      await services.close();
    },
  };
}
