import fc from "fast-check";
import { expect, it } from "vitest";
import { isNewer } from "#shared/documents/is-newer.ts";

const state = (version: number, representationRevision: number) => ({ version, representationRevision });
/** The same version, rendered in this second when this many changes of what it shows were known. */
const rendered = (revision: number, second: number) => ({
  ...state(3, 2),
  rendering: { revision, at: new Date(second * 1000) },
});
const states = fc.record({ version: fc.nat(3), representationRevision: fc.nat(3) });

it.each([
  ["a newer version, whatever converted it", state(4, 1), state(3, 2), true],
  ["an older version, whatever converted it", state(3, 2), state(4, 1), false],
  ["the same version of a newer converter", state(3, 2), state(3, 1), true],
  ["the same version of an older converter", state(3, 1), state(3, 2), false],
  ["what is stored already", state(3, 2), state(3, 2), false],
  ["a rendering that knew of more changes, though it is older", rendered(2, 1), rendered(1, 5), true],
  ["a rendering that knew of fewer changes, though it is later", rendered(1, 5), rendered(2, 1), false],
  ["a later rendering that knew of the same changes", rendered(1, 5), rendered(1, 1), true],
  ["a late older rendering that knew of the same changes", rendered(1, 1), rendered(1, 5), false],
  ["a newer version, whatever was rendered", { ...rendered(1, 1), version: 4 }, rendered(2, 5), true],
  ["what is listed, which says nothing of renderings", state(3, 2), rendered(1, 1), false],
  ["any version of a page that was never stored", state(1, 0), state(0, 2), true],
])("isNewer judges %s", (_, page, stored, expected) => {
  expect(isNewer(page, stored)).toBe(expected);
});

it("of two states of a page that differ exactly one is newer", () => {
  fc.assert(
    fc.property(states, states, (a, b) => {
      const same = a.version === b.version && a.representationRevision === b.representationRevision;
      expect(Number(isNewer(a, b)) + Number(isNewer(b, a))).toBe(same ? 0 : 1);
    }),
  );
});
