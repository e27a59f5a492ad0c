import { Duration, RemovalPolicy } from "aws-cdk-lib";
import type { ISecurityGroup, IVpc } from "aws-cdk-lib/aws-ec2";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  Function as LambdaFunction,
  RecursiveLoop,
  Runtime,
  Tracing,
  type Code,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { NagSuppressions } from "cdk-nag";
import { Construct } from "constructs";
import type { FunctionSpec } from "#infra/topology.ts";
import type { Settings } from "./settings.ts";

export type SyncFunctionProps = {
  functionName: string;
  spec: FunctionSpec;
  code: Code;
  environment: Record<string, string>;
  statements: PolicyStatement[];
  settings: Settings;
  /** Sends messages to its own queue on purpose, which Lambda would treat as an endless loop. */
  loops: boolean;
  /** Only with a database that is not reachable otherwise. */
  network: { vpc: IVpc; securityGroups: ISecurityGroup[] } | undefined;
};

/** What all functions have in common: Node 24 on arm64, its own role with exactly its permissions, its own log group, traces. */
export class SyncFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: SyncFunctionProps) {
    super(scope, id);
    const { spec, settings } = props;
    const logGroup = new LogGroup(this, "Logs", {
      logGroupName: `/aws/lambda/${props.functionName}`,
      retention: settings.logRetentionDays satisfies RetentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [logGroup.logGroupArn],
      }),
    );
    for (const statement of props.statements) this.role.addToPolicy(statement);
    this.function = new LambdaFunction(this, "Function", {
      functionName: props.functionName,
      description: `${spec.entry} (stage ${settings.stage})`,
      code: props.code,
      handler: "index.handler",
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(spec.timeoutSeconds),
      memorySize: spec.memoryMb,
      environment: props.environment,
      role: this.role,
      logGroup,
      tracing: Tracing.ACTIVE,
      // Lambda stops a presumed endless loop after some 16 rounds, and a large listing has more steps than that. These loops
      // end: an operation that makes no progress fails.
      ...(props.loops ? { recursiveLoop: RecursiveLoop.ALLOW } : {}),
      ...(settings.reserveConcurrency && spec.maxConcurrency
        ? { reservedConcurrentExecutions: spec.maxConcurrency }
        : {}),
      ...props.network,
    });
    if (props.network) {
      this.role.addToPolicy(new PolicyStatement({ actions: NETWORK_INTERFACE_ACTIONS, resources: ["*"] }));
    }
    NagSuppressions.addResourceSuppressions(this.role, [UNSCOPABLE], true);
  }
}

/** CDK adds the trace actions, and this stack those of network interfaces and of reranking: none has a resource in AWS. */
const UNSCOPABLE = {
  id: "AwsSolutions-IAM5",
  reason:
    "AWS offers no resource-level permission for xray:Put*, bedrock:Rerank and the network interfaces of functions inside a VPC",
  appliesTo: ["Resource::*"],
};

/** The permissions of AWSLambdaVPCAccessExecutionRole besides logs. */
const NETWORK_INTERFACE_ACTIONS = [
  "ec2:CreateNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:DeleteNetworkInterface",
  "ec2:AssignPrivateIpAddresses",
  "ec2:UnassignPrivateIpAddresses",
];
