#!/usr/bin/env node
import { parseArgs } from "node:util";

/** As much of curl as the tour (infra/tour.md) uses, for machines that have none: the tour is a test everywhere. */
const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    silent: { type: "boolean", short: "s" },
    include: { type: "boolean", short: "i" },
    output: { type: "string", short: "o" },
    "write-out": { type: "string", short: "w" },
    request: { type: "string", short: "X" },
    header: { type: "string", short: "H", multiple: true },
    json: { type: "string" },
  },
});
const headers = new Headers(
  (values.header ?? []).map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  }),
);
if (values.json !== undefined) headers.set("content-type", "application/json");
const response = await fetch(positionals[0] ?? "", {
  method: values.request ?? (values.json === undefined ? "GET" : "POST"),
  headers,
  ...(values.json === undefined ? {} : { body: values.json }),
});
const lines = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
if (values.include) process.stdout.write(`HTTP/1.1 ${response.status}\r\n${lines}\r\n`);
const body = await response.text();
if (values.output === undefined) process.stdout.write(body);
process.stdout.write(
  (values["write-out"] ?? "").replace("%{http_code}", String(response.status)).replaceAll("\\n", "\n"),
);
