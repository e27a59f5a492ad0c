import { Duration } from "aws-cdk-lib";
import { PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping, type Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { DEAD_LETTER_RETENTION_DAYS, type QueueSpec } from "#infra/topology.ts";

/** A queue and its dead-letter queue, encrypted, over TLS only. Its worker is attached when the functions exist. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly spec: QueueSpec;

  constructor(scope: Construct, id: string, props: { queueName: string; spec: QueueSpec }) {
    super(scope, id);
    this.spec = props.spec;
    this.deadLetters = new Queue(this, "DeadLetters", {
      queueName: `${props.queueName}-dead-letters`,
      retentionPeriod: Duration.days(DEAD_LETTER_RETENTION_DAYS),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    this.queue = new Queue(this, "Queue", {
      queueName: props.queueName,
      visibilityTimeout: Duration.seconds(props.spec.visibilityTimeoutSeconds),
      retentionPeriod: Duration.days(DEAD_LETTER_RETENTION_DAYS),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: props.spec.maxReceiveCount },
    });
  }

  /** Lets `worker` receive this queue's messages in batches, at most `maxConcurrency` at a time, each record failing alone. */
  attach(worker: LambdaFunction, role: Role): void {
    const permissions = new PolicyStatement({
      actions: [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ChangeMessageVisibility",
      ],
      resources: [this.queue.queueArn],
    });
    role.addToPolicy(permissions);
    new EventSourceMapping(this, "Mapping", {
      target: worker,
      eventSourceArn: this.queue.queueArn,
      batchSize: this.spec.batchSize,
      ...(this.spec.batchWindowSeconds > 0
        ? { maxBatchingWindow: Duration.seconds(this.spec.batchWindowSeconds) }
        : {}),
      maxConcurrency: this.spec.maxConcurrency,
      reportBatchItemFailures: true,
    });
  }
}
