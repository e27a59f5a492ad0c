import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { alarmCount } from "#infra/constructs/alarm-kinds.ts";
import { QUEUE_IMPACTS } from "#shared/queue/queue-impacts.ts";
import { synthesize } from "./synthesized.ts";

type Alarm = {
  AlarmName: string;
  AlarmDescription: string;
  AlarmActions: unknown[];
};

function alarms(): Alarm[] {
  const found = synthesize({ database: "aurora" }).findResources("AWS::CloudWatch::Alarm");
  return Object.values(found).map((alarm) => alarm.Properties as Alarm);
}

const sectionOf = (alarm: Alarm) => /section "([a-z-]+)"/.exec(alarm.AlarmDescription)?.[1];

describe("alarms", () => {
  const runbook = readFileSync("infra/runbook.md", "utf8");
  const sections = [...runbook.matchAll(/^## ([a-z-]+)$/gm)].map((match) => match[1]);

  it("each alarm has a section of the runbook, and every section has an alarm", () => {
    expect([...new Set(alarms().map(sectionOf))].sort()).toEqual([...sections].sort());
  });

  it.each(["Meaning", "How to look", "What to do"])('the runbook has "%s" in every section', (heading) => {
    for (const section of runbook.split(/^## /m).slice(1)) {
      expect(section, section.split("\n")[0]).toMatch(new RegExp(`^\\*\\*${heading}\\.\\*\\* \\S.{8,}`, "m"));
    }
  });

  it("there are as many alarms as the cost table counts", () => {
    const made = synthesize().findResources("AWS::CloudWatch::Alarm");
    expect(Object.keys(made).length).toBe(alarmCount());
  });

  it("every alarm notifies the topic", () => {
    for (const alarm of alarms()) expect(alarm.AlarmActions.length).toBe(1);
  });

  it("alarms watch the dead letters of every queue and name the impact on users", () => {
    for (const [name, impact] of Object.entries(QUEUE_IMPACTS)) {
      const alarm = alarms().find(
        ({ AlarmName }) => AlarmName === `confluence-sync-dev-dead-letters-${name}`,
      );
      expect(alarm?.AlarmDescription).toContain(impact);
    }
  });
});
