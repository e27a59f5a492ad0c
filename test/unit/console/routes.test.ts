import { expect, it } from "vitest";
import { IDEMPOTENT, ROUTES } from "#infra/console/api/routes.ts";
import { contracts } from "#functions/api/contract/all.ts";

/** `GET /api/pages/{page_id}`, whose contract has a name that says less than the console needs. */
const RENAMED: Record<string, string> = { getStoredPage: "getPage" };

const called = Object.entries(ROUTES).map(([name, route]) => ({ name: RENAMED[name] ?? name, route }));

it("each call of the console is a route of the API, by method and first path", () => {
  for (const { name, route } of called) {
    const contract = contracts.find(({ id }) => id === name);
    expect(contract && `${contract.method} ${contract.paths[0]}`, name).toBe(route);
  }
});

it("exactly the calls whose route takes an Idempotency-Key are said to", () => {
  const idempotent = called.flatMap(({ name }) =>
    contracts.some(({ id, idempotent }) => id === name && idempotent) ? [name] : [],
  );
  expect([...IDEMPOTENT].sort()).toEqual(idempotent.sort());
});
