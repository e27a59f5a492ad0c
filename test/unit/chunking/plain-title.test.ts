import { expect, it } from "vitest";
import { plainTitle } from "#shared/chunking/plain-title.ts";

it.each([
  ["![a lamp \\] b](lamp.png) c", "a lamp ] b c"],
  ["[the page](https://e.example/(ab)c?d=e) and [x \\] y](#z)", "the page and x ] y"],
  ["<https://e.example/a> and <http://e.example>", "https://e.example/a and http://e.example"],
  ["one<br>two", "one two"],
  ["<u>one</u> <span class='a'>two</span>", "one two"],
  ["**a** *b* ***c*** ~~d~~ `e` ``f``", "a b c d e f"],
  ["\\*a\\* \\<b\\> \\[c\\] \\`d\\` \\~e \\/ \\@", "*a* <b> [c] `d` ~e / @"],
  ["  one \n\t two  ", "one two"],
  ["1 < 2", "1 < 2"],
  ["Using \\<b> and \\<br> in \\<https://e.example>", "Using <b> and <br> in <https://e.example>"],
  ["`<div>` and ``a <br> b``", "<div> and a <br> b"],
])("%j as a title reads %j", (markdown, title) => {
  expect(plainTitle(markdown)).toBe(title);
});

it.each([
  ["abc", "abc"],
  ["**abc**", "abc"],
  ["abcd", "abc…"],
  ["ab😀", "ab\ufffd…"],
])("%j as a title of at most three characters reads %j", (markdown, title) => {
  expect(plainTitle(markdown, 3)).toBe(title);
});
