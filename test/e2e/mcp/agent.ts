import type { Client } from "@modelcontextprotocol/client";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { z } from "zod";
import { callTool } from "#test/support/mcp-client.ts";
import type { Question } from "./questions.ts";

export type Call = { name: string; arguments: Record<string, unknown> };

/** A result as an agent reads it. */
export type Reading = { text: string; structured: unknown; isError: boolean; tokens: number };

/** How an agent uses the tools of one profile. */
export type Tools = {
  search: (question: Question) => Call;
  /** How to read what a search found, best first. */
  reads: (structured: unknown) => Call[];
};

export type Answer = { isAnswered: boolean; calls: Call[]; tokens: number };

/** Calls of one question. */
export const MAX_CALLS = 3;

/** Calls a tool, and counts what a model reads of the result: its text or its structured content, as the client chooses. */
export async function read(client: Client, { name, arguments: args }: Call): Promise<Reading> {
  const result = await callTool(client, name, args);
  const tokens = Math.max(countTokens(result.text), countTokens(JSON.stringify(result.structured ?? {})));
  return { ...result, tokens };
}

/** Searches, then reads what was found, best first, until one document in a result contains all that the question asks for. */
export async function answer(client: Client, tools: Tools, question: Question): Promise<Answer> {
  const planned = [tools.search(question)];
  const calls: Call[] = [];
  let tokens = 0;
  for (let next = planned.shift(); next && calls.length < MAX_CALLS; next = planned.shift()) {
    const reading = await read(client, next);
    calls.push(next);
    tokens += reading.tokens;
    if (contains(reading.structured, question)) return { isAnswered: true, calls, tokens };
    if (calls.length === 1) planned.push(...tools.reads(reading.structured));
  }
  return { isAnswered: false, calls, tokens };
}

const titled = z.looseObject({ title: z.string() });

/** Whether some document in a result, or the texts of it together, have the question's title and all its facts. */
function contains(structured: unknown, { page, facts }: Question): boolean {
  const texts = documentsIn(structured)
    .filter(({ title }) => title === page)
    .map((document) => stringsIn(document).join("\n"));
  const all = texts.join("\n");
  return texts.length > 0 && facts.every((fact) => fact.test(all));
}

function documentsIn(value: unknown): z.infer<typeof titled>[] {
  if (typeof value !== "object" || value === null) return [];
  const parsed = titled.safeParse(value);
  return parsed.success ? [parsed.data] : Object.values(value).flatMap(documentsIn);
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
