import { Match, type Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import { schedules } from "#infra/schedules.ts";
import { functions, queues, type FunctionSpec } from "#infra/topology.ts";
import { routes } from "#infra/routes.ts";
import { envSchema } from "#shared/env.ts";
import { queueNames, queueUrlVariable } from "#shared/messages.ts";
import { domainEvents } from "#shared/domain-events.ts";
import { synthesize } from "./synthesized.ts";

const specs: Record<string, FunctionSpec> = functions;
const RUNTIME_VARIABLES = ["NODE_OPTIONS", "NODE_EXTRA_CA_CERTS"];

type Resources = Record<string, { Type: string; Properties: Record<string, never>; DependsOn?: string[] }>;

describe("the template", () => {
  let template: Template;
  let resources: Resources;
  const ofType = (type: string) => Object.values(resources).filter((resource) => resource.Type === type);
  const functionId = (name: string) => {
    const [id] = Object.keys(
      template.findResources("AWS::Lambda::Function", {
        Properties: { FunctionName: `confluence-sync-dev-${name}` },
      }),
    );
    if (!id) throw new Error(`No function ${name}`);
    return id;
  };

  const variablesOf = (name: string): Record<string, unknown> => {
    const properties: { Environment?: { Variables: Record<string, unknown> } } | undefined =
      resources[functionId(name)]?.Properties;
    if (!properties?.Environment) throw new Error(`Function ${name} has no environment`);
    return properties.Environment.Variables;
  };

  beforeAll(() => {
    template = synthesize();
    resources = template.toJSON().Resources;
  });

  it.each(Object.keys(functions))("the stack has function %s as the topology says", (name) => {
    const spec = specs[name];
    template.hasResourceProperties("AWS::Lambda::Function", {
      FunctionName: `confluence-sync-dev-${name}`,
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Timeout: spec?.timeoutSeconds,
      MemorySize: spec?.memoryMb,
      ReservedConcurrentExecutions: spec?.maxConcurrency ?? Match.absent(),
      TracingConfig: { Mode: "Active" },
    });
    template.hasResourceProperties("AWS::Logs::LogGroup", {
      LogGroupName: `/aws/lambda/confluence-sync-dev-${name}`,
      RetentionInDays: 30,
    });
  });

  it("the stack has only the topology's functions and the one with which CDK triggers migrations", () => {
    const names = ofType("AWS::Lambda::Function").map(({ Properties }) => Properties.FunctionName);
    expect(names.filter((name) => name !== undefined).length).toBe(Object.keys(functions).length);
    expect(names.filter((name) => name === undefined).length).toBe(1);
  });

  it.each(Object.entries(queues))(
    "the stack has queue %s with its dead letters and its worker",
    (name, spec) => {
      const [id] = Object.keys(
        template.findResources("AWS::SQS::Queue", {
          Properties: { QueueName: `confluence-sync-dev-${name}` },
        }),
      );
      const [deadLetters] = Object.keys(
        template.findResources("AWS::SQS::Queue", {
          Properties: {
            QueueName: `confluence-sync-dev-${name}-dead-letters`,
            MessageRetentionPeriod: 14 * 86_400,
          },
        }),
      );
      template.hasResourceProperties("AWS::SQS::Queue", {
        QueueName: `confluence-sync-dev-${name}`,
        VisibilityTimeout: spec.visibilityTimeoutSeconds,
        RedrivePolicy: {
          deadLetterTargetArn: { "Fn::GetAtt": [deadLetters, "Arn"] },
          maxReceiveCount: spec.maxReceiveCount,
        },
      });
      template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
        EventSourceArn: { "Fn::GetAtt": [id, "Arn"] },
        FunctionName: { Ref: functionId(spec.worker) },
        BatchSize: spec.batchSize,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ScalingConfig: { MaximumConcurrency: spec.maxConcurrency },
      });
    },
  );

  it("the stack has only the topology's queues, mappings and rules", () => {
    expect(ofType("AWS::SQS::Queue").length).toBe(Object.keys(queues).length * 2);
    expect(ofType("AWS::Lambda::EventSourceMapping").length).toBe(Object.keys(queues).length);
    expect(ofType("AWS::Events::Rule").length).toBe(Object.keys(schedules).length);
  });

  it.each(Object.entries(schedules))("the stack has rule %s", (name, schedule) => {
    const every = schedule.every;
    const expression =
      "minutes" in every
        ? `rate(${every.minutes} minute${every.minutes === 1 ? "" : "s"})`
        : `cron(${every.dailyAt.minute} ${every.dailyAt.hour} * * ? *)`;
    template.hasResourceProperties("AWS::Events::Rule", {
      Name: `confluence-sync-dev-${name}`,
      ScheduleExpression: expression,
      State: "ENABLED",
      Targets: [Match.objectLike({ Arn: { "Fn::GetAtt": [functionId(schedule.function), "Arn"] } })],
    });
  });

  it("the stack has exactly the topology's routes, each to its function and each authorized by IAM, but deliveries by their secret; where to get a JWT it does not say without an issuer", () => {
    const made = ofType("AWS::ApiGatewayV2::Route").map(({ Properties }) => Properties);
    const authorizedHere = routes.filter(({ scope }) => scope !== "issuer");
    expect(made.map((route) => route.RouteKey).sort()).toEqual(
      authorizedHere
        .flatMap(({ method, path }) => [`${method} ${path}`, ...(method === "GET" ? [`HEAD ${path}`] : [])])
        .sort(),
    );
    const isDelivery = (key: unknown) => String(key).startsWith("POST /hooks/");
    const authorized = Object.groupBy(made, ({ RouteKey }) =>
      isDelivery(RouteKey) ? "deliveries" : "others",
    );
    const types = (list: typeof made = []) => [...new Set(list.map((route) => route.AuthorizationType))];
    expect([types(authorized.others), types(authorized.deliveries)]).toEqual([["AWS_IAM"], ["NONE"]]);
    const functionOfIntegration = (id: string) =>
      JSON.stringify(resources[id]?.Properties.IntegrationUri ?? "");
    for (const route of authorizedHere) {
      const resource = made.find(({ RouteKey }) => RouteKey === `${route.method} ${route.path}`);
      const integration = /"Ref":"([^"]+)"/.exec(JSON.stringify(resource?.Target))?.[1] ?? "";
      expect(functionOfIntegration(integration)).toContain(functionId(route.function));
    }
  });

  it("the stack accepts JWTs by their scopes when an issuer is configured", () => {
    const withJwt = synthesize({ jwtIssuer: "https://issuer.example", jwtAudience: "sync" });
    // Whoever may search for others, or everything, may search.
    const admitted = (scope: string) =>
      scope === "search" ? ["search", "search:on-behalf-of", "search:all"] : [scope];
    for (const { method, path } of routes.filter(({ scope }) => scope === "issuer")) {
      for (const RouteKey of [`${method} ${path}`, `HEAD ${path}`]) {
        withJwt.hasResourceProperties("AWS::ApiGatewayV2::Route", { RouteKey, AuthorizationType: "NONE" });
      }
      withJwt.hasResourceProperties("AWS::ApiGatewayV2::Stage", {
        RouteSettings: Match.objectLike({
          [`${method} ${path}`]: Match.objectLike({ ThrottlingRateLimit: 20 }),
        }),
      });
    }
    withJwt.hasResourceProperties("AWS::Lambda::Function", {
      FunctionName: "confluence-sync-dev-mcp-metadata",
      Environment: { Variables: Match.objectLike({ JWT_ISSUER: "https://issuer.example" }) },
    });
    for (const route of routes.filter(({ scope }) => scope !== "hook" && scope !== "issuer")) {
      withJwt.hasResourceProperties("AWS::ApiGatewayV2::Route", {
        RouteKey: `${route.method} ${route.path}`,
        AuthorizationType: "JWT",
        AuthorizationScopes: route.scope === "public" ? Match.absent() : admitted(route.scope),
      });
    }
  });

  it("the stack lets workers send themselves the next step, which Lambda would stop as a loop after 16", () => {
    const loops = (name: string): unknown => resources[functionId(name)]?.Properties.RecursiveLoop;
    for (const name of Object.keys(functions)) {
      const worksOn = Object.entries(queues).filter(([, { worker }]) => worker === name);
      const sendsToIt = worksOn.some(([queue]) =>
        specs[name]?.access.some((right) => right === `send-${queue}`),
      );
      expect(loops(name), name).toBe(sendsToIt ? "Allow" : undefined);
    }
    expect(["plan-sync", "process-page", "reconcile-deletions"].map(loops)).toEqual([
      "Allow",
      "Allow",
      "Allow",
    ]);
  });

  it("the stack puts into the VPC only functions that need the database in it", () => {
    const aurora = synthesize({ database: "aurora" });
    for (const [name, { access }] of Object.entries(specs)) {
      aurora.hasResourceProperties("AWS::Lambda::Function", {
        FunctionName: `confluence-sync-dev-${name}`,
        VpcConfig: access.includes("database") ? Match.anyValue() : Match.absent(),
      });
    }
    expect(ofType("AWS::Lambda::Function").filter(({ Properties }) => "VpcConfig" in Properties)).toEqual([]);
  });

  it("the stack trusts Amazon's certificate authorities for RDS databases and no others", () => {
    const file = (context: Record<string, unknown>) => {
      const made = synthesize(context).findResources("AWS::Lambda::Function", {
        Properties: { FunctionName: "confluence-sync-dev-health" },
      });
      const text = JSON.stringify(Object.values(made)[0]);
      return /"NODE_EXTRA_CA_CERTS":"([^"]+)"/.exec(text)?.[1];
    };
    expect(file({})).toBeUndefined();
    expect(file({ database: "aurora" })).toBe("/var/runtime/ca-cert.pem");
    expect(file({ databaseAuthority: "amazon" })).toBe("/var/runtime/ca-cert.pem");
  });

  it("the stack migrates before any other function gets its new code", () => {
    const [trigger] = Object.keys(template.findResources("Custom::Trigger"));
    for (const name of Object.keys(functions).filter((one) => one !== "migrate-database")) {
      expect(resources[functionId(name)]?.DependsOn).toContain(trigger);
    }
  });

  it("the stack migrates a database of its own when an instance of it runs and may be connected to", () => {
    const aurora = synthesize({ database: "aurora" });
    const [trigger] = Object.values(aurora.findResources("Custom::Trigger"));
    const needed = ["AWS::RDS::DBInstance", "AWS::EC2::SecurityGroupIngress", "AWS::RDS::DBCluster"].flatMap(
      (type) => Object.keys(aurora.findResources(type)).filter((id) => id.startsWith("Database")),
    );
    expect(needed.length).toBeGreaterThanOrEqual(3);
    expect(trigger?.["DependsOn"]).toEqual(expect.arrayContaining(needed));
  });

  it("the stack gives each function only variables that env.ts knows, and no secret", () => {
    const known = new Set([...Object.keys(envSchema.shape), ...RUNTIME_VARIABLES]);
    const secrets = ["DATABASE_URL", "EMBEDDINGS_API_KEY", "API_KEY", "TOKEN_KEY_FILE"];
    for (const name of Object.keys(functions)) {
      const names = Object.keys(variablesOf(name));
      expect(names.filter((variable) => !known.has(variable))).toEqual([]);
      expect(names.filter((variable) => secrets.includes(variable))).toEqual([]);
    }
  });

  it("the stack gives each function the variables that its access requires", () => {
    const demanded: Record<string, string> = {
      database: "DATABASE_SECRET_ARN",
      ...Object.fromEntries(queueNames.map((queue) => [`send-${queue}`, queueUrlVariable(queue)])),
      "encrypt-token": "TOKEN_KEY_ARN",
      "decrypt-token": "TOKEN_KEY_ARN",
      embed: "EMBEDDINGS",
      extract: "EXTRACT_FUNCTION",
      "put-events": "EVENT_BUS_NAME",
      redrive: "PAGE_QUEUE_URL",
      "read-queues": "PAGE_QUEUE_URL",
    };
    for (const [name, spec] of Object.entries(specs)) {
      const Variables = variablesOf(name);
      for (const [right, variable] of Object.entries(demanded)) {
        if (spec.access.some((one) => one === right)) expect(Object.keys(Variables)).toContain(variable);
      }
      const databaseWanted = spec.access.includes("database");
      expect(Object.keys(Variables).includes("DATABASE_SECRET_ARN")).toBe(databaseWanted);
    }
  });

  it("the stack names the extracting function to the file worker alone, extra media hosts to that function alone, and OCR to all that decide which files are read", () => {
    const told = (context: Record<string, unknown>, variable: string) =>
      Object.values(synthesize(context).findResources("AWS::Lambda::Function")).flatMap(({ Properties }) => {
        const { FunctionName, Environment } = Properties as {
          FunctionName?: string;
          Environment?: { Variables: Record<string, unknown> };
        };
        const value = Environment?.Variables[variable];
        return value === undefined ? [] : [[FunctionName, value]];
      });
    expect(told({}, "EXTRACT_FUNCTION")).toEqual([
      ["confluence-sync-dev-process-attachment", "confluence-sync-dev-extract-attachment"],
    ]);
    expect(told({}, "OCR")).toEqual([]);
    const withOcr = [
      "plan-sync",
      "process-page",
      "process-attachment",
      "extract-attachment",
      "reconcile-deletions",
    ];
    expect(told({ ocr: "local" }, "OCR").map(([name]) => name)).toEqual(
      withOcr.map((name) => `confluence-sync-dev-${name}`),
    );
    expect(told({}, "MEDIA_HOSTS")).toEqual([]);
    expect(told({ mediaHosts: "media.example.com, other.example.com" }, "MEDIA_HOSTS")).toEqual([
      ["confluence-sync-dev-extract-attachment", "media.example.com,other.example.com"],
    ]);
  });

  it("the stack tells only functions that show content whose claim counts and who may see all of it, and others too how old evidence may be", () => {
    const told = (context: Record<string, unknown>, variable: string) =>
      Object.values(synthesize(context).findResources("AWS::Lambda::Function")).flatMap(({ Properties }) => {
        const { FunctionName = "", Environment } = Properties as {
          FunctionName?: string;
          Environment?: { Variables: Record<string, unknown> };
        };
        const value = Environment?.Variables[variable];
        return value === undefined ? [] : [[FunctionName.replace("confluence-sync-dev-", ""), value]];
      });
    const show = (value: string) =>
      ["list-pages", "search", "mcp", "knowledge-items", "stored-pages"].map((name) => [name, value]);
    expect(told({ accessMaxAgeHours: 2 }, "ACCESS_MAX_AGE_HOURS")).toEqual(
      expect.arrayContaining([...show("2"), ["explain-access", "2"], ["measure-health", "2"]]),
    );
    expect(told({ accessSweepMinutes: 60 }, "ACCESS_SWEEP_MINUTES")).toContainEqual(["sweep-access", "60"]);
    expect(told({}, "SEARCH_ALL_CALLERS")).toEqual([]);
    expect(told({ identityClaim: "sub" }, "IDENTITY_CLAIM")).toEqual(show("sub"));
    const reports = "arn:aws:iam::123456789012:role/Reports";
    expect(told({ searchAllCallers: `${reports}, ${reports}2` }, "SEARCH_ALL_CALLERS")).toEqual(
      show(`${reports},${reports}2`),
    );
  });

  it("the stack tells the function that says what embeddings cost their price, and not the provider", () => {
    const [variables = {}] = Object.entries(
      synthesize({ embeddings: "bedrock", embeddingsTokenPrice: 0.5 }).findResources("AWS::Lambda::Function"),
    ).flatMap(([id, { Properties }]) =>
      id.startsWith("listprogress")
        ? [(Properties as { Environment: { Variables: Record<string, string> } }).Environment.Variables]
        : [],
    );
    expect(variables).toMatchObject({ EMBEDDINGS_TOKEN_PRICE: "0.5" });
    expect(variables).not.toHaveProperty("EMBEDDINGS");
  });

  it("the stack tells only functions that search of a reranking model, where one is configured", () => {
    const rerankVariables = (context: Record<string, unknown>) =>
      Object.entries(synthesize(context).findResources("AWS::Lambda::Function")).flatMap(
        ([id, { Properties }]) => {
          const { RERANK, RERANK_MODEL } =
            (Properties as { Environment?: { Variables: Record<string, string> } }).Environment?.Variables ??
            {};
          return RERANK || RERANK_MODEL ? [{ id: id.replace(/Function.*/, ""), RERANK, RERANK_MODEL }] : [];
        },
      );
    expect(rerankVariables({})).toEqual([]);
    expect(rerankVariables({ rerank: "bedrock" })).toEqual([
      { id: "search", RERANK: "bedrock", RERANK_MODEL: "cohere.rerank-v3-5:0" },
      { id: "mcp", RERANK: "bedrock", RERANK_MODEL: "cohere.rerank-v3-5:0" },
    ]);
  });

  it("the stack publishes a schema of every domain event", () => {
    const schemas = ofType("AWS::EventSchemas::Schema").map(({ Properties }) => Properties);
    expect(schemas.map((schema) => schema.SchemaName).sort()).toEqual(
      Object.keys(domainEvents)
        .map((type) => `confluence-sync@${type}`)
        .sort(),
    );
    for (const schema of schemas) {
      const content = JSON.parse(String(schema.Content)) as { required: string[] };
      expect(content.required).toContain("event_id");
    }
  });
});

describe("what a deployment must not lose", () => {
  it("the logical ids of stateful resources do not change: a changed one is a new, empty resource", () => {
    const stateful = [
      "AWS::KMS::Key",
      "AWS::SQS::Queue",
      "AWS::Events::EventBus",
      "AWS::RDS::DBCluster",
      "AWS::ApiGatewayV2::Api",
    ];
    const ids = Object.entries(synthesize({ database: "aurora" }).toJSON().Resources as Resources)
      .filter(([, { Type }]) => stateful.includes(Type))
      .map(([id]) => id)
      .sort();
    expect(ids).toMatchInlineSnapshot(`
      [
        "DatabaseCluster5B53A178",
        "EventBus7B8748AA",
        "HttpApi9292168F",
        "TokenKeyD1D1A236",
        "checkqueueDeadLetters8A129F1A",
        "checkqueueQueueAC0A34C1",
        "filequeueDeadLetters216BB16A",
        "filequeueQueueC1815E5D",
        "pagequeueDeadLettersE0778BD7",
        "pagequeueQueue55DFF8C6",
        "planqueueDeadLetters3338D6BD",
        "planqueueQueue5036C36E",
      ]
    `);
  });

  it("the stack retains the key and snapshots the database", () => {
    const template = synthesize({ database: "aurora" });
    template.hasResource("AWS::KMS::Key", { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    template.hasResource("AWS::RDS::DBCluster", {
      DeletionPolicy: "Snapshot",
      UpdateReplacePolicy: "Snapshot",
      Properties: { DeletionProtection: true, StorageEncrypted: true },
    });
  });
});
