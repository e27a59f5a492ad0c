import { CfnParameter, Duration, RemovalPolicy } from "aws-cdk-lib";
import {
  FlowLogDestination,
  SecurityGroup,
  SubnetType,
  Vpc,
  type ISecurityGroup,
  type IVpc,
} from "aws-cdk-lib/aws-ec2";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import {
  AuroraPostgresEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
} from "aws-cdk-lib/aws-rds";
import { NagSuppressions } from "cdk-nag";
import { Construct } from "constructs";
import type { Settings } from "./settings.ts";

/** The database: its secret and its network. */
export type DatabaseAccess = {
  secretArn: string;
  network: { vpc: IVpc; securityGroups: ISecurityGroup[] } | undefined;
  cluster: DatabaseCluster | undefined;
};

/** An existing Postgres (Supabase, Neon, RDS, …) by the ARN of its secret; a parameter at deployment if the context has none. */
export function existingDatabase(scope: Construct, settings: Settings): DatabaseAccess {
  const parameter = () =>
    new CfnParameter(scope, "DatabaseUrlArn", {
      type: "String",
      description: "ARN of the Secrets Manager secret that holds the database's URL",
      allowedPattern: "^arn:aws[a-z-]*:secretsmanager:.+$",
    }).valueAsString;
  return { secretArn: settings.databaseSecretArn ?? parameter(), network: undefined, cluster: undefined };
}

/** Aurora's own port, not Postgres's usual one: scanners try that one first. */
const PORT = 5433;
const BACKUP_DAYS = 14;
const ROTATION_DAYS = 30;

/**
 * Aurora PostgreSQL Serverless v2 (17, with pgvector 0.8) in a VPC of its own. Scale to zero is off by default: the sweeper
 * queries it each minute, so it would never stay paused. The functions are in private subnets and reach
 * Confluence, the models and AWS's services through one NAT gateway; one, because two would double the largest fixed cost
 * and its zone's failure only pauses syncing.
 */
export class AuroraDatabase extends Construct {
  /** The network through which functions reach it. */
  readonly access: DatabaseAccess;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const clusterIdentifier = `confluence-sync-${settings.stage}`;
    const vpc = new Vpc(this, "Vpc", {
      maxAzs: 2,
      natGateways: 1,
      subnetConfiguration: [
        { name: "egress", subnetType: SubnetType.PUBLIC, cidrMask: 26, mapPublicIpOnLaunch: false },
        { name: "functions", subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 22 },
        { name: "database", subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 26 },
      ],
      flowLogs: { rejected: { destination: FlowLogDestination.toCloudWatchLogs() } },
    });
    // Created here so that it has a retention; RDS would create it without.
    const logs = new LogGroup(this, "Logs", {
      logGroupName: `/aws/rds/cluster/${clusterIdentifier}/postgresql`,
      retention: settings.logRetentionDays satisfies RetentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const cluster = new DatabaseCluster(this, "Cluster", {
      clusterIdentifier,
      engine: DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.VER_17_7 }),
      writer: ClusterInstance.serverlessV2("Writer", { enablePerformanceInsights: true }),
      serverlessV2MinCapacity: settings.auroraMinAcu,
      serverlessV2MaxCapacity: settings.auroraMaxAcu,
      credentials: Credentials.fromGeneratedSecret("confluence_sync"),
      defaultDatabaseName: "confluence_sync",
      port: PORT,
      vpc,
      vpcSubnets: { subnetGroupName: "database" },
      storageEncrypted: true,
      enableDataApi: false,
      parameters: { "rds.force_ssl": "1" },
      backup: { retention: Duration.days(BACKUP_DAYS) },
      cloudwatchLogsExports: ["postgresql"],
      deletionProtection: true,
      removalPolicy: RemovalPolicy.SNAPSHOT,
    });
    cluster.addRotationSingleUser({
      automaticallyAfter: Duration.days(ROTATION_DAYS),
      vpcSubnets: { subnetGroupName: "functions" },
    });
    NagSuppressions.addResourceSuppressions(
      cluster,
      [
        {
          id: "AwsSolutions-RDS6",
          reason:
            "Functions connect by the rotated secret over verified TLS; IAM tokens are limited in connections a second",
        },
      ],
      true,
    );
    cluster.node.addDependency(logs);
    const functions = new SecurityGroup(this, "Functions", {
      vpc,
      description: "Functions of the Confluence sync",
    });
    cluster.connections.allowDefaultPortFrom(functions, "functions");
    if (!cluster.secret) throw new Error("A cluster with generated credentials has a secret");
    this.access = {
      secretArn: cluster.secret.secretArn,
      network: { vpc, securityGroups: [functions] },
      cluster,
    };
  }
}
