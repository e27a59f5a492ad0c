import { describe, expect, it } from "vitest";
import {
  page,
  parameter,
  macro,
  include,
  rich,
  wrapped,
  shown,
  OPEN,
  SECRET,
  guarded,
} from "./guarded-page.ts";

describe("what an include names", () => {
  const unnamedIn = (inside: string) => macro("include", "q", inside);
  it.each([
    [
      "a parameter before it names another",
      unnamedIn(parameter("a", page("Open")) + parameter("", page("Secret"))),
    ],
    [
      "a parameter after it names another",
      unnamedIn(parameter("", page("Open")) + parameter("a", page("Secret"))),
    ],
    ["it is named twice", unnamedIn(parameter("", page("Open")) + parameter("", page("Secret")))],
    [
      "it is named by two parameters without a name",
      unnamedIn(parameter("", page("Open")) + `<ac:default-parameter>Secret</ac:default-parameter>`),
    ],
    ["two are in one parameter", unnamedIn(parameter("", page("Open") + page("Secret")))],
    [
      "another is in the link's text",
      unnamedIn(
        parameter(
          "",
          `<ac:link><ri:page ri:content-title="Open"/><ac:link-body>${page("Secret")}</ac:link-body></ac:link>`,
        ),
      ),
    ],
    ["the parameter has text too", unnamedIn(parameter("", `Secret${page("Open")}`))],
    [
      "another is named by its title as text",
      unnamedIn(parameter("", page("Open")) + parameter("pageTitle", "Secret")),
    ],
    [
      "another is named by its id as well",
      unnamedIn(parameter("", '<ac:link><ri:page ri:content-title="Open" ri:content-id="7"/></ac:link>')),
    ],
    [
      "another is named under a prefix of its own",
      unnamedIn(
        parameter(
          "",
          `<ac:link><x:page xmlns:x="http://atlassian.com/resource/identifier" x:content-title="Secret"/></ac:link>${page("Open")}`,
        ),
      ),
    ],
    ["it has a body with another", unnamedIn(parameter("", page("Open")) + rich(include("Secret", "z")))],
    [
      "the macro has two names, which differ in case",
      `<ac:structured-macro ac:name="include" ac:Name="children" ac:macro-id="q">${parameter("", page("Open"))}</ac:structured-macro>`,
    ],
    [
      "the target has two titles, whose names differ in case",
      unnamedIn(parameter("", '<ri:page ri:Content-Title="Open" ri:content-title="Secret"/>')),
    ],
    ["only a named parameter names it", unnamedIn(parameter("a", page("Open")))],
  ])("nothing is shown if %s", (_, stored) => {
    expect(
      guarded(`<p>One</p>${stored}<p>Two</p>`, `<p>One</p>${shown(SECRET, "q")}<p>Two</p>`),
    ).not.toContain("Hidden");
  });

  it.each([
    ["an include", "include", ""],
    ["an include in a line", "include", parameter("atlassian-macro-output-type", "INLINE")],
    ["an excerpt", "excerpt-include", parameter("nopanel", "true")],
    ["a named excerpt", "excerpt-include", parameter("name", "second") + parameter("nopanel", "true")],
  ])("%s with its usual parameters is shown", (_, name, more) => {
    const stored = macro(name, "q", parameter("", page("Open")) + more);
    expect(guarded(stored, wrapped(name, "q", OPEN))).toContain("Open words");
    expect(guarded(stored, OPEN)).toContain("Open words");
  });

  it.each([
    ["include-shared-block", parameter("shared-block-key", "k") + parameter("page", page("Open"))],
    ["multiexcerpt-include", parameter("MultiExcerptName", "k") + parameter("PageWithExcerpt", page("Open"))],
    [
      "multiexcerpt-include-macro",
      parameter("name", "k") +
        parameter("templateData", "eJyLjgUAARUAuQ==") +
        parameter("page", page("Open")) +
        parameter("addpanel", "false"),
    ],
    ["table-excerpt-include", parameter("name", "k") + parameter("page", page("Open"))],
  ])("the app's macro %s is shown by the parameter that it names its page in", (name, inside) => {
    expect(guarded(macro(name, "q", inside), wrapped(name, "q", OPEN))).toContain("Open words");
  });

  it("a list of a page's own files is not shown if a parameter may name another page", () => {
    const list = (inside = "") => macro("attachments", "q", inside);
    const rendered = wrapped("attachments", "q", SECRET);
    expect(guarded(list(), rendered)).toContain("Hidden");
    expect(guarded(list(parameter("upload", "false")), rendered)).toContain("Hidden");
    expect(guarded(list(parameter("page", "Secret")), rendered)).not.toContain("Hidden");
  });
});
