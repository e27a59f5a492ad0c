import { addPage, addSpace } from "#infra/local/confluence-site/edits.ts";
import { createSite, type Site } from "#infra/local/confluence-site/site.ts";
import { startConfluenceSite, type RunningSite } from "#infra/local/confluence-site/start.ts";
import { makeServiceClient, type Operation, type ServiceClient } from "#infra/local/demo/service-client.ts";
import type { LocalRunner, LocalRunnerOptions } from "#infra/local/runner/start.ts";
import { eventually } from "#test/support/eventually.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { startTestRunner } from "#test/support/local-runner.ts";

export const SPACE = "TEAM";

/** A Confluence site on a port, with one space and as many pages as asked for: `Topic 1` … `Topic n`, below a home page. */
export async function startTestSite(pages: number): Promise<RunningSite> {
  const site = createSite({ now: () => new Date(), random: Math.random });
  addSpace(site, { key: SPACE, name: "Team" });
  const home = addPage(site, { space: SPACE, title: "Team home", body: "<p>Start here.</p>" });
  for (let number = 1; number <= pages; number += 1) {
    addPage(site, { space: SPACE, title: `Topic ${number}`, body: topicBody(number), parentId: home.id });
  }
  return startConfluenceSite({ site });
}

/** Two sections, so that a page has chunks to keep and chunks to change. `word` is on no other page. */
export function topicBody(number: number, word = `marker${number}`): string {
  const filler = Array.from({ length: 60 }, (_, index) => `Sentence ${index} about topic ${number}.`).join(
    " ",
  );
  return `<h2>Background</h2><p>${filler}</p><h2>Decision</h2><p>We chose ${word} for good.</p>`;
}

export function pageByTitle(site: Site, title: string) {
  const page = [...site.pages.values()].find((candidate) => candidate.title === title);
  if (!page) throw new Error(`The site has no page ${title}`);
  return page;
}

export type ServiceWithSite = {
  runner: LocalRunner;
  confluence: RunningSite;
  service: ServiceClient;
  sourceId: string;
  /** Starts a sync and waits until it, and the check that may follow it, have ended; returns the sync. */
  sync: () => Promise<Operation>;
  close: () => Promise<void>;
};

/** The whole service over a site of its own, with a fast embedder, and a source for its space. */
export async function startServiceWithSite(options: {
  pages: number;
  strategy?: string;
  runner?: LocalRunnerOptions;
}): Promise<ServiceWithSite> {
  const confluence = await startTestSite(options.pages);
  const runner = await startTestRunner({
    ...options.runner,
    services: { embedder: fakeEmbedder(), ...options.runner?.services },
  });
  const service = makeServiceClient(runner.url);
  const sourceId = await createTestSource(service, confluence.url, options.strategy ?? "on_demand");
  return {
    runner,
    confluence,
    service,
    sourceId,
    sync: async () => {
      const operationId = await service.startSync(sourceId);
      await eventually(async () => expectEnded(await service.operation(operationId)), { withinMs: 60_000 });
      await eventually(async () => expectEnded(await service.latestOperation(sourceId)), {
        withinMs: 60_000,
      });
      return service.operation(operationId);
    },
    close: async () => {
      await runner.close();
      await confluence.close();
    },
  };
}

export function createTestSource(service: ServiceClient, siteUrl: string, strategy: string): Promise<string> {
  return service.createSource({
    base_url: siteUrl,
    email: "sync@example.com",
    api_token: "demo-token",
    space_key: SPACE,
    deletion_strategy: strategy,
    // Most tests are about what pages say, which rights leave out in part.
    access: "everything",
  });
}

export function expectEnded(operation: Operation): Operation {
  if (operation.finished_at === null) throw new Error(`${operation.operation_type} is ${operation.status}`);
  return operation;
}
