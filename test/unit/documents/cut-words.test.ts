import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutWords, joinCut, singleLetters } from "#shared/documents/cut-words.ts";
import { foldedWords } from "#shared/documents/fold-words.ts";
import { indexedWords } from "#shared/documents/index-words.ts";

const shown = (cut: string) => cut.replaceAll(/\u001F|\u001E/g, "|");

/** Texts of every script that is cut, mixed with others. */
const letters =
  "abC 12._-#é ß₂\n数据库备份ひらカナー々서버를ภาษาไทยง่ายພາສາລາວភាសាមြန်မာ。！？가각\u0301\u3099\u{20000}\u{20001}😀";
const mixed = fc
  .array(fc.constantFrom(...Array.from(letters)), { maxLength: 40 })
  .map((list) => list.join(""));
const anyText = fc.oneof(mixed, fc.string({ unit: "binary", maxLength: 60 }));

describe("cutWords", () => {
  it.each([
    ["值班工程师", "值班|班工|工程|程师"],
    ["水", "水"],
    ["只丢了 308分，", "只丢|丢了 308|分，"],
    ["Docker容器", "Docker|容器"],
    ["バックアップ手順", "バッ|ック|クア|アッ|ップ|プ手|手順"],
    ["서버를 재시작", "서버|버를 재시|시작"],
    ["ภาษาไทย", "ภาษา|ไทย"],
    ["plain words, naïve", "plain words, naïve"],
  ])("cutWords cuts %s into %s", (text, cut) => {
    expect(shown(cutWords(text))).toBe(cut);
  });

  it("cutting loses no letter: what was cut can be joined again", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        // Control characters are blanks; normal form C is the same text.
        expect(joinCut(cutWords(text))).toBe(text.normalize("NFC").replaceAll(/[\u001C-\u001F]/g, " "));
      }),
    );
  });

  it("cutting is deterministic, and a text is cut alone as between others", () => {
    fc.assert(
      fc.property(mixed, mixed, (text, other) => {
        const cut = cutWords(text);
        expect(cutWords(text)).toBe(cut);
        expect(cutWords(`${other} | ${text} | ${other}`)).toContain(` | ${cut} | `);
      }),
    );
  });

  it("singleLetters lists what pairs consist of", () => {
    expect(singleLetters("报税 x 水 ไทย 𠀀𠀁")).toEqual(["报", "税", "𠀀", "𠀁"]);
  });
});

describe("foldedWords", () => {
  it.each([
    ["Café Zürich café plain", ["cafe", "zurich"]],
    ["Straße CO₂ m² ＡＢＣ ﬁne", ["strasse", "co2", "m2", "abc", "fine"]],
    ["Łódź Århus smørrebrød œuvre", ["lodz", "arhus", "smorrebrod", "oeuvre"]],
    ["ёлка Ελλάδα Việt", ["елка", "ελλαδα", "viet"]],
    ["йод ภาษาไทย 数据库 서버 ガ 😀", []],
  ])("foldedWords of %s are %j", (text, words) => {
    expect(foldedWords(text)).toEqual(words);
  });
});

it("the words of a chunk take less than a millisecond of CPU time", () => {
  const texts = [
    "The quick brown fox doesn't jump over err_conn_42. ",
    "数据库备份流程，值班工程师。",
    "ฐานข้อมูลต้องสำรองทุกวัน ",
    "Die Größe der Straße. ",
  ];
  const contents = texts.map((text) => text.repeat(Math.ceil(1000 / text.length)));
  const before = process.cpuUsage();
  for (let n = 0; n < 2000; n += 1)
    indexedWords("Title", { headingPath: ["Heading"], content: contents[n % contents.length] ?? "" });
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 2000 / 1000).toBeLessThan(1);
});
