import { expect, it } from "vitest";
import { showsByPerson, webBaseOfSource, type AccessMode } from "#shared/sources/source.ts";

it.each<[AccessMode, AccessMode | null, boolean]>([
  ["per_user", null, true],
  ["per_user", "unrestricted", true],
  // Until the rights were read again.
  ["unrestricted", "per_user", true],
  ["unrestricted", null, false],
  ["everything", null, false],
  ["everything", "unrestricted", false],
])("what a source of the mode %s, before it %s, shows depends on who asks: %s", (mode, before, depends) => {
  expect(showsByPerson(mode, before)).toBe(depends);
});

it("people read a source where a response said that they do, and before it where requests go", () => {
  const baseUrl = "https://acme.atlassian.net";
  expect(webBaseOfSource({ baseUrl, webBase: null })).toBe("https://acme.atlassian.net/wiki");
  expect(webBaseOfSource({ baseUrl, webBase: "https://wiki.acme.example/wiki" })).toBe(
    "https://wiki.acme.example/wiki",
  );
});
