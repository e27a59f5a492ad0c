import { expect, it } from "vitest";
import { retryDelayMs } from "#shared/syncs/operations/waiting.ts";

const SECOND_MS = 1000;

it.each([
  [1, 15, 30],
  [2, 30, 60],
  [3, 60, 120],
  [5, 240, 480],
  [6, 450, 900],
  [7, 450, 900],
  [50, 450, 900],
])("after %i failures the next attempt is made in %i to %i seconds", (failures, least, most) => {
  expect(retryDelayMs(failures, () => 0)).toBe(least * SECOND_MS);
  expect(retryDelayMs(failures, () => 0.5)).toBe(((least + most) / 2) * SECOND_MS);
  expect(retryDelayMs(failures, () => 1)).toBe(most * SECOND_MS);
});
