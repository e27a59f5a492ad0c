import { describe, expect, it } from "vitest";
import { z } from "zod";
import { logMetrics, METRIC_NAMESPACE, type LogMetric } from "#shared/log-metrics.ts";
import { synthesize } from "./synthesized.ts";

/** A metric of ours that a part of the template reads: its name, and by which of its dimensions beside service and stage. */
type Read = { by: string | null; name: string; where: string };

describe("metrics of log lines", () => {
  const template = synthesize({ database: "aurora" });
  const metrics: LogMetric[] = Object.values(logMetrics).flat();
  const written = metrics.flatMap(({ name, by }) => [
    `${name} by stage`,
    ...(by ? [`${name} by ${by}`] : []),
  ]);
  const read = [...readByDashboard(), ...readByAlarms()];

  it("metrics of log lines have unique names", () => {
    expect(new Set(written).size).toBe(written.length);
  });

  it("metrics of log lines are all that the dashboard and the alarms use", () => {
    expect(read.length).toBeGreaterThan(20);
    const unknown = read.filter(({ name, by }) => !written.includes(`${name} by ${by ?? "stage"}`));
    expect(unknown).toEqual([]);
  });

  it("metrics of log lines are each on the dashboard or watched by an alarm", () => {
    const names = new Set(read.map(({ name }) => name));
    expect(metrics.filter(({ name }) => !names.has(name))).toEqual([]);
  });

  function readByDashboard(): Read[] {
    const [dashboard] = Object.values(template.findResources("AWS::CloudWatch::Dashboard"));
    const parts: unknown[] = dashboard?.Properties.DashboardBody["Fn::Join"][1];
    const text = parts.map((part) => (typeof part === "string" ? part : "")).join("");
    const body = JSON.parse(text) as { widgets: { properties: { title: string; metrics: unknown[][] } }[] };
    return body.widgets.flatMap(({ properties: { title, metrics: lines } }) =>
      lines.flatMap((line) => readIn(line, `"${title}"`)),
    );
  }

  function readByAlarms(): Read[] {
    type Metric = { Namespace?: string; MetricName?: string };
    type Alarm = Metric & {
      AlarmName: string;
      Metrics?: { MetricStat?: { Metric: Metric }; Expression?: string }[];
    };
    return Object.values(template.findResources("AWS::CloudWatch::Alarm")).flatMap(({ Properties }) => {
      const alarm = Properties as Alarm;
      const parts = (alarm.Metrics ?? []).flatMap((part) => part.MetricStat?.Metric ?? []);
      return [alarm, ...parts].flatMap(({ Namespace, MetricName }) =>
        readIn([Namespace, MetricName], alarm.AlarmName),
      );
    });
  }
});

/** A line of a widget: namespace, name, and dimensions; or a search for all that have these dimensions. */
function readIn(line: unknown[], where: string): Read[] {
  const [first, name] = line;
  if (first === METRIC_NAMESPACE) return [{ by: null, name: String(name), where }];
  const { expression = "" } = z.object({ expression: z.string() }).safeParse(first).data ?? {};
  const search = /^SEARCH\('\{(\w+),service,stage,(\w+)\} MetricName="(\w+)"/.exec(expression);
  if (search?.[1] !== METRIC_NAMESPACE) return [];
  return [{ by: search[2] ?? null, name: search[3] ?? "", where }];
}
