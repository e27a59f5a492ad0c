import { Alarm, ComparisonOperator, TreatMissingData, type IMetric } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import type { AlarmKind } from "./alarm-kinds.ts";

export type AlarmSpec = {
  kind: AlarmKind;
  /** The queue or function that it concerns, if there are several. */
  subject?: string;
  /** Its impact on users of the service. */
  meaning: string;
  metric: IMetric;
  threshold: number;
  /** Compared by ≥ by default. */
  comparison?: "below";
  /** Periods of the metric, all of which must be beyond the threshold. */
  periods: number;
  /** The meaning of missing data, with the reason as text. */
  missing: { is: "fine" | "alarming"; because: string };
};

/** Alarms from their specifications; each names its section of the runbook and also notifies the topic when it ends. */
export class SyncAlarms extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: { prefix: string; topic: ITopic; alarms: readonly AlarmSpec[] },
  ) {
    super(scope, id);
    for (const spec of props.alarms) {
      const name = spec.subject ? `${spec.kind}-${spec.subject}` : spec.kind;
      const alarm = new Alarm(this, name, {
        alarmName: `${props.prefix}-${name}`,
        alarmDescription: `${spec.meaning} What to do: infra/runbook.md, section "${spec.kind}".`,
        metric: spec.metric,
        threshold: spec.threshold,
        evaluationPeriods: spec.periods,
        comparisonOperator:
          spec.comparison === "below"
            ? ComparisonOperator.LESS_THAN_THRESHOLD
            : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData:
          spec.missing.is === "fine" ? TreatMissingData.NOT_BREACHING : TreatMissingData.BREACHING,
      });
      alarm.addAlarmAction(new SnsAction(props.topic));
      alarm.addOkAction(new SnsAction(props.topic));
    }
  }
}
