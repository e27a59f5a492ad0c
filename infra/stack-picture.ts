import { queueSentTo, sendsMessages } from "./access.ts";
import { schedules } from "./schedules.ts";
import { EXTRACT_FUNCTION, VERIFY_FUNCTION, functions, queues, type FunctionSpec } from "./topology.ts";
import { routes } from "./routes.ts";

/** The stack as a Mermaid diagram, drawn from the topology: additions appear automatically. */
export function stackPicture(): string {
  const specs: Record<string, FunctionSpec> = functions;
  const serving = [...new Set(routes.map((route) => route.function))];
  const background = Object.keys(functions).filter((name) => !serving.some((one) => one === name));
  const id = (name: string) => name.replaceAll("-", "_");
  const workers = [...new Set(Object.values(queues).map((queue) => queue.worker))];
  const senders = serving.filter((name) => specs[name]?.access.some(sendsMessages));
  const edges = [...senders, ...background].flatMap((name) =>
    (specs[name]?.access ?? []).filter(sendsMessages).map((one) => `  ${id(name)} --> q_${queueSentTo(one)}`),
  );
  return [
    "flowchart LR",
    "  client([HTTP client]) -->|SigV4 or JWT| api[HTTP API]",
    `  api --> readers["${serving.length - senders.length} functions that respond at once"]`,
    ...senders.map((name) => `  api --> ${id(name)}[${name}]`),
    ...Object.entries(schedules).map(
      ([name, schedule]) =>
        `  rule_${id(name)}{{"${everyText(schedule.every)}"}} --> ${id(schedule.function)}[${schedule.function}]`,
    ),
    ...Object.entries(queues).flatMap(([name, queue]) => [
      `  q_${name}[("${name} queue")] -->|"≤ ${queue.maxConcurrency} × ${queue.batchSize}"| ${id(queue.worker)}[${queue.worker}]`,
      `  q_${name} -.->|"after ${queue.maxReceiveCount}"| d_${name}[("${name} dead letters")]`,
    ]),
    ...edges,
    `  redrive_dead_letters[redrive-dead-letters] -.->|by hand| ${Object.keys(queues)
      .map((name) => `q_${name}`)
      .join(" & ")}`,
    "  migrate_database[migrate-database] -->|at deployment| database[(Postgres with pgvector)]",
    `  readers & ${senders.map(id).join(" & ")} --> database`,
    `  ${workers.map(id).join(" & ")} --> database`,
    ...named(specs, "put-events").map((name) => `  ${id(name)} --> bus{{event bus}}`),
    `  ${named(specs, "embed")
      .filter((name) => workers.some((one) => one === name))
      .map(id)
      .join(" & ")} --> models[[Bedrock or OpenAI-compatible]]`,
    ...named(specs, "extract").map(
      (name) => `  ${id(name)} -->|one file| ${id(EXTRACT_FUNCTION)}[${EXTRACT_FUNCTION}]`,
    ),
    ...named(specs, "verify").map(
      (name) => `  ${id(name)} -->|hits of one person| ${id(VERIFY_FUNCTION)}[${VERIFY_FUNCTION}]`,
    ),
    ...named(specs, "download-files").map((name) => `  ${id(name)} --> media[[Atlassian's media host]]`),
    `  ${named(specs, "decrypt-token").map(id).join(" & ")} --> confluence[[Confluence]]`,
  ].join("\n");
}

function named(specs: Record<string, FunctionSpec>, right: string): string[] {
  return Object.entries(specs).flatMap(([name, { access }]) =>
    access.some((one) => one === right) ? [name] : [],
  );
}

function everyText(every: (typeof schedules)[keyof typeof schedules]["every"]): string {
  if ("minutes" in every) return every.minutes === 1 ? "each minute" : `each ${every.minutes} minutes`;
  const two = (value: number) => String(value).padStart(2, "0");
  return `daily ${two(every.dailyAt.hour)}:${two(every.dailyAt.minute)} UTC`;
}
