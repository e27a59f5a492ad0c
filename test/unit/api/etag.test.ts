import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { etagOf, matchesEtag } from "#functions/runtime/etag.ts";

describe("entity tags", () => {
  it("ETags are strong, quoted, and equal only for equal bytes", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(etagOf(a)).toMatch(/^"[A-Za-z0-9_-]{43}"$/);
        expect(etagOf(a) === etagOf(b)).toBe(a === b);
      }),
    );
  });

  it("ETags are found in any list of tags, weak or strong", () => {
    const other = fc.constantFrom('"a"', 'W/"b,c"', '""', 'W/"x y"', '"\u00ff"');
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(other),
        fc.array(other),
        fc.boolean(),
        (body, before, after, weak) => {
          const etag = etagOf(body);
          const header = [...before, weak ? `W/${etag}` : etag, ...after].join(", ");
          expect(matchesEtag(header, etag)).toBe(true);
          expect(matchesEtag([...before, ...after].join(","), etag)).toBe(false);
        },
      ),
    );
  });

  it("ETags never match partly, and no header makes the comparison throw or hang", () => {
    // Of fast-check's own units those that are any character take seconds to make.
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.string({ unit }), (header) => {
        fc.pre(header.trim() !== "*");
        expect(matchesEtag(header, etagOf("body"))).toBe(false);
      }),
    );
    expect(matchesEtag('"'.repeat(100_000), '"a"')).toBe(false);
    expect(matchesEtag(" , ".repeat(100_000), '"a"')).toBe(false);
    expect(matchesEtag('""a"', '"a"')).toBe(false);
  });
});

it("any ETag matches a star", () => {
  expect([matchesEtag("*", '"a"'), matchesEtag(" * ", '"a"'), matchesEtag('"*"', '"a"')]).toEqual([
    true,
    true,
    false,
  ]);
});

it.each([
  ['x"a"', false],
  ['"a"x', false],
  ['"a" x', false],
  ['x, "a"', true],
  ['"b" ,\t"a" ', true],
  ['W/ "a"', false],
  ['w/"a"', false],
  ['"b" "a"', false],
  ["", false],
])("of If-None-Match %j only what is a tag in a list counts: %s", (header, matches) => {
  expect(matchesEtag(header, '"a"')).toBe(matches);
});
