import assert from "node:assert/strict";
import { z } from "zod";
import type { Check } from "./check.ts";

type Ask = (expected: number, path: string, init?: RequestInit) => Promise<Record<string, unknown>>;

const connected = z.object({ site_id: z.string() });
const made = z.object({ hook_id: z.string(), secret: z.string() });

/** A site that is connected as a whole, its hook, and what looks at it each minute. */
export async function checkSites(
  service: { url: string; ask: Ask; onSchedule: (name: string, rule: string) => Promise<unknown> },
  check: Check,
): Promise<void> {
  const { url, ask, onSchedule } = service;
  const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  let path = "";
  await check("a site is connected, and listed", async () => {
    const account = { base_url: url, email: "ada@example.com", api_token: "demo-token" };
    const spaces = { include: ["NONE"] };
    const { site_id } = connected.parse(
      await ask(201, "/api/confluence/sites", post({ ...account, spaces })),
    );
    path = `/api/confluence/sites/${site_id}`;
    await ask(200, path);
  });
  await check("a hook of the site is made, and takes a delivery with its secret", async () => {
    const { hook_id, secret } = made.parse(await ask(201, `${path}/hooks`, post({ kind: "generic" })));
    await ask(202, `/hooks/confluence/${hook_id}`, post({ page_id: "1" }, { "x-hook-secret": secret }));
  });
  await check("the schedules look for new spaces, and for changed pages", async () => {
    assert.deepEqual(await onSchedule("discover-spaces", "space-discovery"), {
      discovered: 0,
      restored: 0,
      warned: 0,
    });
    const pulse = z.object({ failed: z.literal(0) });
    pulse.parse(await onSchedule("pulse-sites", "pulse"));
  });
}
