import type { Template } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { synthesize } from "./synthesized.ts";

type Properties = Record<string, unknown>;

const propertiesOf = (template: Template, type: string) =>
  Object.entries(template.findResources(type)).map(
    ([id, { Properties }]) => [id, Properties as Properties] as const,
  );

describe("the stack keeps to itself", () => {
  const template = synthesize();

  it("every queue is encrypted and refuses requests without TLS", () => {
    const policies = propertiesOf(template, "AWS::SQS::QueuePolicy").map(([, policy]) =>
      JSON.stringify(policy),
    );
    const queues = propertiesOf(template, "AWS::SQS::Queue");
    expect(queues.length).toBeGreaterThan(5);
    for (const [id, queue] of queues) {
      expect(queue.SqsManagedSseEnabled, id).toBe(true);
      const [policy = ""] = policies.filter((one) => one.includes(`"Queues":[{"Ref":"${id}"}]`));
      expect(policy, id).toMatch(/"aws:SecureTransport":"false".*"Effect":"Deny"/);
    }
  });

  it("logs are kept for a stated time", () => {
    const groups = propertiesOf(template, "AWS::Logs::LogGroup");
    expect(groups.length).toBeGreaterThan(20);
    for (const [id, group] of groups) expect(group.RetentionInDays, id).toBe(30);
  });

  it("the API is throttled and logs its callers", () => {
    const [[, stage] = []] = propertiesOf(template, "AWS::ApiGatewayV2::Stage");
    expect(stage?.DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 });
    // What is open to the Internet has a limit of its own.
    expect(stage?.RouteSettings).toEqual({
      "POST /hooks/confluence/{hook_id}": { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40 },
    });
    const { Format = "{}" } = (stage?.AccessLogSettings ?? {}) as { Format?: string };
    expect(Object.keys(JSON.parse(Format) as object)).toEqual(
      expect.arrayContaining(["caller", "ip", "route", "status"]),
    );
    expect(Format).not.toMatch(/querystring|authorization/i);
  });
});

describe("a database of its own", () => {
  const template = synthesize({ database: "aurora" });

  it("the stack's own database is private, encrypted, without the Data API, and does not pause", () => {
    const [[, cluster] = []] = propertiesOf(template, "AWS::RDS::DBCluster");
    expect(cluster).toMatchObject({
      EnableHttpEndpoint: false,
      StorageEncrypted: true,
      DeletionProtection: true,
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5 },
    });
    const [[, writer] = []] = propertiesOf(template, "AWS::RDS::DBInstance");
    expect(writer?.PubliclyAccessible).toBe(false);
  });

  it("the stack's own database accepts only TLS", () => {
    const groups = propertiesOf(template, "AWS::RDS::DBClusterParameterGroup");
    expect(groups.map(([, group]) => group.Parameters)).toEqual([{ "rds.force_ssl": "1" }]);
  });

  it("the stack's own database has its password rotated", () => {
    const schedules = propertiesOf(template, "AWS::SecretsManager::RotationSchedule");
    expect(schedules.map(([, schedule]) => schedule.RotationRules)).toEqual([
      { ScheduleExpression: "rate(30 days)" },
    ]);
  });
});
