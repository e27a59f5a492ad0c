import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addPage, addSpace, editPage } from "#infra/local/confluence-site/edits.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import { loadSite } from "#infra/local/confluence-site/load-site.ts";
import { SAMPLE_FOLDER } from "#infra/local/confluence-site/sample-folder.ts";
import { createSite, type Site } from "#infra/local/confluence-site/site.ts";
import { startConfluenceSite } from "#infra/local/confluence-site/start.ts";
import { makeServiceClient, type Operation } from "#infra/local/demo/service-client.ts";
import type { LocalRunner } from "#infra/local/runner/start.ts";
import { makeConfluenceClient } from "#shared/confluence/cloud-client.ts";
import { PermanentError } from "#shared/errors.ts";
import { eventually } from "#test/support/eventually.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { startTestRunner } from "#test/support/local-runner.ts";
import { expectEnded, pageByTitle } from "#test/support/service-with-site.ts";

export const HANDBOOK_SITE = "https://lanternfish.atlassian.net";
/** Not connected yet. */
export const NEW_SITE = "https://harbourlight.atlassian.net";
const LABS_SITE = "https://lanternfish-labs.atlassian.net";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DIMENSIONS = 256;
/** What a page with this text cannot be: embedded. */
const REFUSED = "RECOVERY-KEY-BLOCK";

export type SampleWorld = {
  runner: LocalRunner;
  /** The handbook's site. */
  site: Site;
  /** By space key. */
  sources: Record<"DEMO" | "OPS" | "PEOPLE" | "LABS", string>;
  /** Of the handbook. */
  ids: { changed: string; failed: string; withFiles: string };
  lastSync: string;
  dryRun: string;
  close: () => Promise<void>;
};

/**
 * The service after ten days of use: two sites under addresses as Atlassian gives them, four sources, edits each day, a page that
 * fails, deletions that are held, a token that has expired, a dead letter.
 */
export async function startSampleWorld(): Promise<SampleWorld> {
  let behindMs = 10 * DAY_MS;
  const now = () => new Date(Date.now() - behindMs);
  const handbook = await loadSite(SAMPLE_FOLDER, { now, random: Math.random });
  const labs = createSite({ now, random: Math.random });
  const harbour = createSite({ now, random: Math.random });
  const sites = new Map([
    [HANDBOOK_SITE, handbook],
    [LABS_SITE, labs],
    [NEW_SITE, harbour],
  ]);
  fillSpaces(handbook);
  fillHarbour(harbour);
  fillLabs(labs);
  // Files are downloaded over HTTP, by another process.
  const served = await startConfluenceSite({ site: handbook });
  for (const [url, site] of sites) site.url = url;
  const embedder = fakeEmbedder({ model: "text-embedding-3-small", dimensions: DIMENSIONS });
  const runner = await startTestRunner({
    services: {
      now,
      confluence: ({ baseUrl, email, apiToken }) =>
        makeConfluenceClient({
          baseUrl,
          email,
          apiToken,
          fetch: fetchFrom(sites.get(baseUrl) ?? handbook),
          allowedHosts: [".atlassian.net", "api.atlassian.com"],
          allowLoopback: true,
          now: () => new Date(),
          random: Math.random,
        }),
      embedder: {
        ...embedder,
        embed: async (texts, { onTokens } = {}) => {
          if (texts.some((text) => text.includes(REFUSED)))
            throw new PermanentError("embedding_refused", "The content filter of the model refuses a chunk");
          onTokens?.(Math.round(texts.join("").length / 4));
          return embedder.embed(texts);
        },
      },
    },
  });
  const service = makeServiceClient(runner.url);
  const post = async <T>(path: string, body: unknown) => {
    const response = await fetch(`${runner.url}/api/confluence/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path} returned ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  const connect = (baseUrl: string, email: string) =>
    post("sites", {
      base_url: baseUrl,
      email,
      api_token: "demo-token",
      spaces: { include: ["*"], exclude: [] },
      defaults: { access: "unrestricted", deletion_strategy: "on_demand", sync_interval_minutes: 1440 },
    });
  await connect(HANDBOOK_SITE, "handbook-sync@lanternfish.example");
  await connect(LABS_SITE, "labs-sync@lanternfish.example");
  const listed = (await (await fetch(`${runner.url}/api/confluence/sources`)).json()) as {
    sources: { source_id: string; space_key: string }[];
  };
  const sources = Object.fromEntries(
    listed.sources.map((one) => [one.space_key, one.source_id]),
  ) as SampleWorld["sources"];

  const ended = async (read: () => Promise<Operation>) =>
    eventually(async () => expectEnded(await read()), { withinMs: 60_000 });
  const sync = async (sourceId: string) => {
    const id = await service.startSync(sourceId);
    await ended(() => service.operation(id));
    await ended(() => service.latestOperation(sourceId));
    return id;
  };
  const later = (ms: number) => {
    behindMs = Math.max(0, behindMs - ms);
  };
  const settle = async () => {
    for (const id of Object.values(sources)) await ended(() => service.latestOperation(id)).catch(() => {});
  };

  for (const id of Object.values(sources)) await sync(id);
  await runner.invoke("sweep-access", {});
  for (const [day, titles] of DAILY_EDITS.entries()) {
    later(DAY_MS);
    for (const title of titles) review(handbook, title, day);
    for (const key of ["DEMO", "OPS"] as const) await sync(sources[key]);
  }
  later(2 * DAY_MS);
  labs.settings.token = "another-token";
  await sync(sources.LABS).catch(() => {});
  for (const title of MOVED_OFFICES) trashPage(handbook, pageByTitle(handbook, title).id);
  const check = await post<{ operation_id: string }>(`${sources.PEOPLE}/deletion-check`, {});
  await ended(() => service.operation(check.operation_id));

  const changed = pageByTitle(handbook, "On-Call");
  const failed = pageByTitle(handbook, "Rotating Secrets");
  const withFiles = pageByTitle(handbook, "Local Development");
  // Last night.
  behindMs = 9 * HOUR_MS;
  edit(handbook, changed.title, ON_CALL_EDITS);
  editPage(handbook, failed.id, { body: `${failed.storage}<p>${REFUSED}</p>` });
  addPage(handbook, {
    space: "DEMO",
    title: "Quiet Hours for the On-Call Phone",
    parentId: changed.id,
    body: "<p>Agreed by the whole team after the spring survey.</p><h2>When the phone stays silent</h2><p>Between 22:30 and 06:45 the on-call phone rings only for alerts of severity one. Everything else waits for the morning report.</p>",
  });
  addComment(handbook, { containerId: changed.id, body: "<p>Who pays for a taxi after 23:00?</p>" });
  const lastSync = await sync(sources.DEMO);
  later(7 * HOUR_MS);
  await sync(sources.OPS);
  editPage(handbook, pageByTitle(handbook, "Shift Handover").id, {
    body: "<p>At 07:00 and 19:00, at the white board. Ten minutes, standing.</p>",
  });
  addPage(handbook, { space: "OPS", title: "Second Sorter", body: "<p>Arrives in May.</p>" });
  const dry = await post<{ operation_id: string }>(`${sources.OPS}/sync`, { mode: "full", dry_run: true });
  await ended(() => service.operation(dry.operation_id));
  behindMs = 0;
  await runner.invoke("pulse-sites", {});
  await settle();
  await runner.invoke("sweep-access", {});
  for (const page of [changed, failed])
    await runner.sqs.client.send(
      new SendMessageCommand({
        QueueUrl: runner.sqs.queues.page?.deadLetterUrl,
        MessageBody: JSON.stringify({ operation_id: lastSync, source_id: sources.DEMO, page_id: page.id }),
        MessageGroupId: sources.DEMO,
      }),
    );
  return {
    runner,
    site: handbook,
    sources,
    ids: { changed: changed.id, failed: failed.id, withFiles: withFiles.id },
    lastSync,
    dryRun: dry.operation_id,
    close: async () => {
      await runner.close();
      await served.close();
    },
  };
}

const DAILY_EDITS = [
  ["Deploying", "Feature Flags"],
  ["Monitoring and Alerts"],
  ["Glossary", "Release Notes", "Shift Handover"],
  ["Incident Response"],
  ["Capacity Planning", "Hiring", "Dock Plan"],
];

function review(site: Site, title: string, day: number): void {
  const page = pageByTitle(site, title);
  editPage(site, page.id, {
    body: `${page.storage}<h2>Latest review</h2><p>Read again on day ${day + 1} of the sprint; the next review is due in three months.</p>`,
  });
}

const ON_CALL_EDITS: readonly (readonly [before: RegExp, after: string])[] = [
  [/be at a keyboard within fifteen/, "be at a keyboard within twenty"],
  [/Weekday standby/, "Weekday standby, also on the day after a holiday"],
  [/Swap in the schedule itself, not in chat\./, "Swap in the schedule itself, at least a day before."],
];

function edit(site: Site, title: string, edits: typeof ON_CALL_EDITS): void {
  const page = pageByTitle(site, title);
  const body = edits.reduce((text, [before, after]) => text.replace(before, after), page.storage);
  editPage(site, page.id, { body });
}

const OPS_PAGES = [
  [
    "Shift Handover",
    "At 06:00, 14:00 and 22:00, at the white board beside the sorter. Ten minutes, standing.",
  ],
  ["Dock Plan", "Docks 1 to 6 unload, 7 to 14 load. Dock 9 stays free for late vans."],
  ["Sorter Restart", "Press the green button for three seconds, wait for the belt, then release the gate."],
  [
    "Lost Parcels",
    "Scan the shelf beside the cage each evening; what has no label goes to the label reader.",
  ],
  ["Van Inspection", "Tyres, lights, scanner charged. A van without a working scanner stays."],
  ["Cold Chain", "Between 2 and 8 degrees from dock to door; the logger is read at each handover."],
] as const;

const OFFICES = ["Porto", "Uppsala", "Osaka", "Lyon", "Tartu", "Galway", "Graz"];
const MOVED_OFFICES = OFFICES.flatMap((city) => [`Office ${city}: Keys and Alarm`, `Office ${city}: Lunch`]);
const PEOPLE_PAGES = [
  "Travel Policy",
  "Parental Leave",
  "Expenses",
  "Bicycle Scheme",
  "Language Courses",
  "First-Aiders",
  "Visitors",
  "Sick Leave",
  "Pension",
  "Works Council",
  "Referrals",
  "Summer Party",
  "Performance Reviews",
  "Salary Bands",
];

function fillSpaces(site: Site): void {
  addSpace(site, { key: "OPS", name: "Depot Operations" });
  const ops = addPage(site, { space: "OPS", title: "Depot Operations", body: "<p>How a depot runs.</p>" });
  for (const [title, text] of OPS_PAGES)
    addPage(site, { space: "OPS", title, parentId: ops.id, body: `<p>${text}</p>` });
  addSpace(site, { key: "PEOPLE", name: "People and Offices" });
  const people = addPage(site, {
    space: "PEOPLE",
    title: "People and Offices",
    body: "<p>For everyone.</p>",
  });
  for (const title of [...PEOPLE_PAGES, ...MOVED_OFFICES])
    addPage(site, {
      space: "PEOPLE",
      title,
      parentId: people.id,
      body: `<p>${title}: whom to ask and what to know.</p>`,
    });
}

function fillLabs(site: Site): void {
  addSpace(site, { key: "LABS", name: "Research Notebook" });
  for (const title of ["Label Reader on Wet Paper", "Route Prediction", "Van Battery Study"])
    addPage(site, { space: "LABS", title, body: `<p>${title}: method, data and first results.</p>` });
}

function fillHarbour(site: Site): void {
  for (const [key, name] of [
    ["PILOT", "Pilot Boats"],
    ["QUAY", "Quay Handbook"],
  ] as const) {
    addSpace(site, { key, name });
    for (let number = 1; number <= 12; number += 1)
      addPage(site, {
        space: key,
        title: `${name} ${number}`,
        body: `<p>${"Tide and berth. ".repeat(40)}</p>`,
      });
  }
}
