import { Duration } from "aws-cdk-lib";
import { Rule, Schedule as EventSchedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { Schedule } from "#infra/schedules.ts";

/**
 * An EventBridge rule for a schedule of the topology (UTC). A tick that could not be delivered is useless once the next
 * one comes, so it is dropped after a minute; a daily one is tried for an hour.
 */
export class SyncSchedule extends Construct {
  readonly rule: Rule;

  constructor(
    scope: Construct,
    id: string,
    props: { ruleName: string; schedule: Schedule; target: LambdaFunction },
  ) {
    super(scope, id);
    const { every, description } = props.schedule;
    this.rule = new Rule(this, "Rule", {
      ruleName: props.ruleName,
      description,
      schedule: eventSchedule(every),
    });
    this.rule.addTarget(
      new LambdaTarget(props.target, {
        maxEventAge: "minutes" in every ? Duration.minutes(1) : Duration.hours(1),
        retryAttempts: 2,
      }),
    );
  }
}

function eventSchedule(every: Schedule["every"]): EventSchedule {
  if ("minutes" in every) return EventSchedule.rate(Duration.minutes(every.minutes));
  const { hour, minute } = every.dailyAt;
  return EventSchedule.cron({ hour: String(hour), minute: String(minute) });
}
