import { describe, expect, it } from "vitest";
import { headlineText, restoreHeadline, unusedWord } from "#shared/documents/headline-text.ts";
import { raisedText } from "#shared/documents/raised-text.ts";

const shown = (text: string) =>
  text
    .replaceAll("\u001F", "‖")
    .replaceAll("\u001E", "|")
    .replaceAll("\u001C", "{")
    .replaceAll("\u001D", "}");
const made = (content: string, question: string) => {
  const one = headlineText(content, question, "name");
  return one && { ...one, text: shown(one.text) };
};

describe("the text for a headline", () => {
  it.each([
    ["plain text", "plain"],
    ["Résumé: the plain text", "plain"],
    ["A name like foo.bar", "drinks"],
    ["", ""],
  ])(
    "the text for a headline is the content itself where the parser finds what is asked for: %j, %j",
    (content, question) => {
      expect(made(content, question)).toBeNull();
    },
  );

  it("the text for a headline has one word for each name of the question, in their order, and each name as the content spells it", () => {
    expect(made("See FOO_1, bar.baz, foo_1 and other.name", "foo_1 bar.baz")).toEqual({
      text: "See |name0|, |name1|, |name2| and other.name",
      words: expect.stringMatching(/^\s*$/),
      names: ["FOO_1", "bar.baz", "foo_1"],
    });
  });

  it("the text for a headline has one word for the longest of names within each other", () => {
    expect(made("In /var/log_2/app.log now", "/var/log_2/app.log var/log_2/app.log")).toMatchObject({
      text: "In |name0| now",
      names: ["/var/log_2/app.log"],
    });
  });

  it("the text for a headline has the name without the backslashes that Markdown needs, and the text after it as it is", () => {
    expect(made(String.raw`a\*b foo\_bar\_1 c\*d foo\_bar\_1!`, "foo_bar_1")).toMatchObject({
      text: String.raw`a\*b |name0| c\*d |name1|!`,
      names: ["foo_bar_1", "foo_bar_1"],
    });
  });

  it("looks for the parts of a name that the content lacks, and for the words beside names", () => {
    const words = (content: string, question: string) => made(content, question)?.words.trim().split(/\s+/);
    expect(words("Nothing", "why retryLater fails")).toEqual([
      "why",
      "fails",
      "retryLater",
      "retry",
      "Later",
    ]);
    expect(words("It is retryLater", "why retryLater fails")).toEqual(["why", "fails"]);
    expect(words("Nothing", "written in C#")).toEqual(["written", "in"]);
    expect(words("Café", "the cafés x_y1")).toEqual(["the", "cafés", "x_y1", "y1", "cafes"]);
  });

  it("the text for a headline has the folded form behind each word that begins like one that is asked for", () => {
    expect(made("Café, Résumé, Cafés, cafe", "cafeteria")).toMatchObject({
      text: "Café{cafe}, Résumé, Cafés{cafes}, cafe",
    });
    expect(made("Zürich", "zürich")).toMatchObject({ text: "Zürich{zurich}" });
    expect(made("Größe", "grosse größe")).toMatchObject({ text: "Größe{grosse}" });
    expect(made("Ärzte", "är")).toBeNull();
  });

  it("the text for a headline is cut into words where its script has no spaces", () => {
    expect(made("重启服务器", "x")).toMatchObject({ text: "重启‖启服‖服务‖务器", words: "x", names: [] });
    // Such a name is found by its words.
    expect(made("重启_服务", "重启_服务")).toMatchObject({ names: [] });
  });

  it("shows raised and lowered characters as text", () => {
    expect(made("CO<sub>2</sub> here", "x")).toMatchObject({ text: "CO₂ here" });
    expect(raisedText("10<sup>-3</sup> (<sub>(1+2)=3</sub>)")).toBe("10⁻³ (₍₁₊₂₎₌₃)");
    expect(raisedText("1<sup>st</sup> x<sup>2b</sup> y<sub></sub>")).toBe("1st x2b y");
    expect(raisedText("a<sup>2</sub> <sup>3</sup >")).toBe("a<sup>2</sub> <sup>3</sup >");
  });
});

describe("a headline of such a text is one of the content", () => {
  const [OPEN, CLOSE, PAIR, SEAM] = ["\u001C", "\u001D", "\u001F", "\u001E"];
  /** `[` and `]` for the marks of a headline, and signs for the separators. */
  const restored = (headline: string, text = "", names: string[] = []) =>
    restoreHeadline(
      headline
        .replaceAll("[", "\uE000")
        .replaceAll("]", "\uE001")
        .replaceAll("{", OPEN)
        .replaceAll("}", CLOSE)
        .replaceAll("‖", PAIR)
        .replaceAll("|", SEAM),
      { text: text.replaceAll("{", OPEN).replaceAll("}", CLOSE), words: "", names },
      "name",
    )
      .replaceAll("\uE000", "[")
      .replaceAll("\uE001", "]");

  it.each([
    ["a word whose folded form is marked", "the Café{[cafe]} bar", "the [Café] bar"],
    ["a word that is marked itself", "the [Café]{cafe} bar", "the [Café] bar"],
    ["a word that is marked with its form", "the [Café]{[cafe]} bar", "the [Café] bar"],
    ["a word that is not marked", "the Café{cafe} [bar]", "the Café [bar]"],
    ["a form that a fragment cuts off", "the Café{[cafe]", "the [Café]"],
    ["pairs of which one is marked", "[重启]‖启服‖服务 x", "[重][启]服务 x"],
    ["pairs that are all marked", "[重启]‖[启服]", "[重][启][服]"],
    ["pairs of which none is marked", "重启‖启服‖服务", "重启服务"],
    ["words with seams between them", "Docker|容器", "Docker容器"],
  ])("%s", (_, headline, expected) => {
    expect(restored(headline)).toBe(expected);
  });

  it("the words in place of names are the names", () => {
    expect(restored("a |[name1]| and |name0|, name9", "", ["foo_1", "C#"])).toBe("a [C#] and foo_1, ");
    expect(
      restored(
        "|name10|",
        "",
        Array.from({ length: 11 }, (_, n) => `n_${n}`),
      ),
    ).toBe("n_10");
  });

  it("a fragment that begins with a folded form begins with its word", () => {
    const text = "Le Café{cafe} noir";
    expect(restored("cafe} noir", text)).toBe("Café noir");
    expect(restored("[cafe]} noir", text)).toBe("[Café] noir");
    expect(restored("x … [cafe]} noir", text)).toBe("x … [Café] noir");
    expect(restored("[tea]} noir", text)).toBe("[tea] noir");
  });
});

it("a word that no text contains is as short as it can be", () => {
  expect(unusedWord(["plain", "text"])).toBe("name");
  expect(unusedWord(["The NAME", "and a username"])).toBe("nameq");
  expect(unusedWord(["nameq is nameqqq"])).toBe("nameqqqq");
  expect(unusedWord(["na", "me"])).toBe("name");
});
