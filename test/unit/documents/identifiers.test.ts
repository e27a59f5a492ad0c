import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findIdentifiers, findNames, joinRaised, raisedWords } from "#shared/documents/identifiers.ts";

describe("findIdentifiers", () => {
  it.each([
    ["what is ERR_CONN_42?", ["err_conn_42"], ["ERR", "CONN", "42"]],
    ["call foo.bar() twice", ["foo.bar"], ["foo", "bar"]],
    ["std::vector and ptr->next", ["std::vector", "ptr->next"], ["std", "vector", "ptr", "next"]],
    ["see JENKINS-1234.", ["jenkins-1234"], ["JENKINS", "1234"]],
    ["a 3d_model of v1.2.x", ["3d_model", "v1.2.x"], ["3d", "model", "v1"]],
    ["getUserName(id)", ["getusername"], ["get", "User", "Name"]],
    ["org.jenkinsci.plugins.Foo", ["org.jenkinsci.plugins.foo"], ["org", "jenkinsci", "plugins", "Foo"]],
    ["run with -Xmx512m and -O2", ["-xmx512m", "-o2"], []],
    [String.raw`see C:\Windows\win.ini.`, ["win.ini", String.raw`c:\windows\win.ini`], ["win", "ini"]],
  ])("findIdentifiers finds names in: %s", (text, whole, parts) => {
    expect(findIdentifiers(text)).toEqual({ whole, parts });
  });

  it.each([
    "plain words only",
    "a well-known fact",
    "2024-01-05 and 3.14",
    "The end. Next sentence",
    "and/or",
    "rm -rf, a word -and another, and one - Alone",
    String.raw`nb:\ and a\b`,
    "",
  ])("findIdentifiers finds no name in: %s", (text) => {
    expect(findIdentifiers(text)).toEqual({ whole: [], parts: [] });
  });

  it.each([
    ["C# F# Go C++, C##, C+++ or aC#", ["c#", "f#", "c++", "ac#"]],
    ["use objective-C++ or x86#", ["c++", "x86#"]],
    [".NET and .net.core-app, (.htaccess)", [".net", ".net.core-app", "net.core-app", ".htaccess"]],
    ["--no-cache --with.dot --x", ["--no-cache", "--with.dot", "with.dot", "--x"]],
    ["-O2 -Xmx512m -DskipTests -std=c11", ["dskiptests", "-o2", "-xmx512m", "-dskiptests"]],
    ["in ~/.ssh/config, /etc/hosts.", ["~/.ssh/config", "/etc/hosts"]],
    [String.raw`C:\Windows D:\a-b\c_d.txt`, ["c_d.txt", String.raw`c:\windows`, String.raw`d:\a-b\c_d.txt`]],
  ])("findIdentifiers finds names with punctuation in: %s", (text, whole) => {
    expect(findIdentifiers(text).whole.toSorted()).toEqual(whole.toSorted());
  });

  it("a name of up to eighty characters is one, longer ones are data, and single letters are no parts", () => {
    const named = (length: number) => `a_${"b".repeat(length - 2)}`;
    expect(findIdentifiers(named(80)).whole).toEqual([named(80)]);
    expect(findIdentifiers(named(81))).toEqual({ whole: [], parts: [] });
    expect(findIdentifiers("a.b and x_y1")).toEqual({ whole: ["a.b", "x_y1"], parts: ["y1"] });
    expect(findIdentifiers("aB")).toEqual({ whole: [], parts: [] });
  });

  it("a name that a text repeats is listed once", () => {
    expect(findIdentifiers("foo_bar FOO_BAR foo_bar")).toEqual({
      whole: ["foo_bar"],
      parts: ["foo", "bar", "FOO", "BAR"],
    });
  });

  it("findIdentifiers finds in a text what it finds in a query with the same name", () => {
    const segment = fc.stringMatching(/^[a-z][a-z0-9]{1,8}$/);
    const name = fc.array(segment, { minLength: 2, maxLength: 4 }).map((parts) => parts.join("_"));
    fc.assert(
      fc.property(name, fc.lorem(), (name, words) => {
        expect(findIdentifiers(`${words} (${name}) ${words}`).whole).toEqual(findIdentifiers(name).whole);
      }),
    );
  });

  it("findIdentifiers returns words that the database accepts, for any text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        for (const word of findIdentifiers(text).whole) {
          expect(word.length).toBeGreaterThan(0);
          expect(Buffer.byteLength(word)).toBeLessThan(2046);
        }
      }),
    );
  });
});

it("names stand in their text where they are found, those within others too", () => {
  const text = "See /var/log_2/app.log or ERR_1.";
  const names = findNames(text);
  expect(names.map(({ whole }) => whole)).toEqual(["var/log_2/app.log", "err_1", "/var/log_2/app.log"]);
  for (const { whole, start, end } of names) expect(text.slice(start, end).toLowerCase()).toBe(whole);
});

it.each([
  ["CO<sub>2</sub> and H<sub>2</sub>O", "CO2 and H2O", ["co2", "h2o"]],
  ["x<sup>2</sup>y<sub>i</sub>", "x2yi", ["x2yi"]],
  ["the 1<sup>st</sup>", "the 1st", ["1st"]],
  ["<sup>2</sup> alone", "<sup>2</sup> alone", []],
  ["x<sup>2</sub>", "x<sup>2</sub>", []],
  ["x<sup>a b</sup>", "x<sup>a b</sup>", []],
  ["plain CO2", "plain CO2", []],
])("%s is read as the words that it shows", (text, joined, words) => {
  expect(joinRaised(text)).toBe(joined);
  expect(raisedWords(text)).toEqual(words);
});
