import { describe, expect, it } from "vitest";
import { ApiError } from "#infra/console/api/api-error.ts";
import { retryPages } from "#infra/console/screens/retry-pages.ts";

const failure = (status: number, code: string) => new ApiError(status, { code, message: `no: ${code}` });

/** A service that fails for some pages; the keys that it was sent. */
function service(failures: Record<string, ApiError>) {
  const keys: string[] = [];
  const sync = async (pageId: string, key: string) => {
    keys.push(key);
    if (failures[pageId]) throw failures[pageId];
    return { operation_id: `of ${pageId}` };
  };
  return { keys, sync };
}

describe("syncing several pages again", () => {
  it("goes on after one that fails, and says how many were started and how many were not", async () => {
    const { keys, sync } = service({
      "2": failure(404, "page_not_found"),
      "3": failure(409, "operation_running"),
      "4": failure(500, "internal_error"),
    });
    expect(await retryPages(["1", "2", "3", "4", "5", "5"], "k", sync)).toEqual({
      text: "Syncing 2 pages. 1 page synced when the running operation ends. Not started: 2 pages. No: page_not_found.",
      operationId: "of 5",
      isWhole: false,
    });
    expect(keys).toEqual(["k-1", "k-2", "k-3", "k-4", "k-5"]);
  });

  it("ends where no other page fares better, and counts those that were not tried", async () => {
    const { keys, sync } = service({ "2": failure(0, "service_unreachable") });
    const retried = await retryPages(["1", "2", "3", "4"], "k", sync);
    expect(retried.text).toBe("Syncing 1 page. Not started: 3 pages. No: service_unreachable.");
    expect(keys).toEqual(["k-1", "k-2"]);
  });

  it("fails when no page was taken, with the same keys for the next attempt", async () => {
    const { keys, sync } = service({
      "1": failure(500, "internal_error"),
      "2": failure(500, "internal_error"),
    });
    await expect(retryPages(["1", "2"], "k", sync)).rejects.toMatchObject({ code: "internal_error" });
    await expect(retryPages(["1", "2"], "k", sync)).rejects.toMatchObject({ code: "internal_error" });
    expect(keys).toEqual(["k-1", "k-2", "k-1", "k-2"]);
  });

  it("says nothing of failures when all were taken", async () => {
    expect(await retryPages(["1"], "k", service({}).sync)).toEqual({
      text: "Syncing 1 page.",
      operationId: "of 1",
      isWhole: true,
    });
  });
});
