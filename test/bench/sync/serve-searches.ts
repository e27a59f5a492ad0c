import { setTimeout as delay } from "node:timers/promises";
import { makeServiceClient } from "#infra/local/demo/service-client.ts";
import { percentiles } from "../storage/percentiles.ts";
import { servePart } from "./part.ts";

/** Searches all the time, one after the other: `serve-searches.ts URL TITLES`. A report says how long those since the last one took. */
const [url = "", titles = ""] = process.argv.slice(2);
const queries = titles.split("\n");
const PAUSE_MS = 100;
const service = makeServiceClient(url);
let waits: number[] = [];

async function search(): Promise<never> {
  for (let n = 0; ; n += 1) {
    const started = performance.now();
    await service.search(queries[n % queries.length] ?? "", 5);
    waits.push(performance.now() - started);
    await delay(PAUSE_MS);
  }
}

void search();
servePart({ url, facts: {} }, () => {
  const since = waits;
  waits = [];
  return { ...percentiles(since), longest: Math.max(...since), searches: since.length };
});
