import { parseArgs } from "node:util";
import { errorMessage, UserError } from "#shared/errors.ts";
import { guardedFetch, type Fetch } from "#shared/confluence/guarded-fetch.ts";
import { parseBaseUrl } from "#shared/confluence/address-guard.ts";
import type { Answer, ProbeResult } from "./probe-result.ts";
import { runProbes } from "./probes.ts";

/**
 * `npm run probe -- --base-url https://site.atlassian.net --email me@example.com --space KEY`, token in CONFLUENCE_TOKEN:
 * checks, reading only, each assumption about Confluence's API that the sync rests on, and prints which held. Exit 0: all held
 * or could not be told; 1: one did not; 2: could not ask.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      "base-url": { type: "string" },
      email: { type: "string" },
      space: { type: "string" },
      "allow-loopback": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const token = process.env.CONFLUENCE_TOKEN;
  const { "base-url": baseUrl, email, space } = values;
  if (!baseUrl || !email || !space || !token) {
    throw new UserError(
      400,
      "usage",
      "usage: CONFLUENCE_TOKEN=… npm run probe -- --base-url URL --email EMAIL --space KEY",
    );
  }
  const policy = {
    allowedHosts: [".atlassian.net", "api.atlassian.com"],
    allowLoopback: values["allow-loopback"],
  };
  const base = parseBaseUrl(baseUrl, policy);
  const send = sender(
    base,
    `Basic ${Buffer.from(`${email}:${token}`).toString("base64")}`,
    guardedFetch(policy),
  );
  const results = await runProbes({
    space,
    get: (path) => send(path),
    post: (path, body) => send(path, body),
    now: () => new Date(),
  });
  for (const result of results)
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : line(result));
  return results.some((result) => result.held === false) ? 1 : 0;
}

function line({ held, assumption, seen }: ProbeResult): string {
  const mark = held === null ? "  ?  " : held ? "held " : "WRONG";
  return `${mark}  ${assumption}\n       ${seen}\n`;
}

function sender(
  base: string,
  authorization: string,
  fetch: Fetch,
): (path: string, body?: unknown) => Promise<Answer> {
  return async (path, body) => {
    const answer = await fetch(base + path, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization, accept: "application/json", "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "manual",
      signal: AbortSignal.timeout(20_000),
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body ?? []) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    return { status: answer.status, header: (name) => answer.headers.get(name), json: parseJson(text) };
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 2;
}
