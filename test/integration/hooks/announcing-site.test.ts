import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { startConfluenceSite } from "#infra/local/confluence-site/start.ts";
import { readDelivery } from "#shared/hooks/delivery.ts";
import { addPages, makeTestSite } from "#test/support/confluence-site.ts";
import { eventually } from "#test/support/eventually.ts";

it("the simulated site announces pages on request, in any dialect, repeated and with any secret", async () => {
  const { site, clock } = makeTestSite({});
  addPages(site, clock, 2);
  const ids = [...site.pages.keys()];
  const received: { secret: unknown; pageIds: string[]; spaceKey: string | null }[] = [];
  const receiver = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ secret: request.headers["x-hook-secret"], ...readDelivery(JSON.parse(body)) });
      response.writeHead(202).end();
    });
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const address = receiver.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const served = await startConfluenceSite({ site });
  const announce = (options: object) =>
    fetch(`${served.url}/admin/announce`, {
      method: "POST",
      body: JSON.stringify({ ids, to: `http://127.0.0.1:${port}/`, secret: "s", ...options }),
    }).then((response) => response.status);
  try {
    for (const dialect of ["automation", "rest"]) {
      expect(await announce({ dialect })).toBe(200);
      await eventually(() => expect(received).toHaveLength(2));
      const named = received.splice(0).toSorted((a, b) => Number(a.pageIds[0]) - Number(b.pageIds[0]));
      expect(named).toEqual(ids.map((id) => ({ secret: "s", pageIds: [id], spaceKey: "DEMO" })));
    }
    expect(await announce({ dialect: "generic", times: 2, secret: "forged", delay_seconds: 0.1 })).toBe(200);
    await eventually(() => expect(received).toHaveLength(2));
    expect(received).toEqual([1, 2].map(() => ({ secret: "forged", pageIds: ids, spaceKey: null })));
    expect(await announce({ ids: ["1"] })).toBe(404);
  } finally {
    await served.close();
    receiver.close();
  }
});
