import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PermanentError } from "#shared/errors.ts";
import { convertPage } from "#shared/markdown/convert-page.ts";
import { comparePage } from "#test/evaluation/conversion/compare-page.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";
import { storageBody } from "./storage-arbitrary.ts";

const RUNS = 10_000;

describe("for any page", () => {
  test("every word that the page shows is shown by the Markdown, in order", () => {
    fc.assert(
      fc.property(storageBody, (body) => {
        const { markdown, textLost } = convertPage({ format: "storage", body, resolver });
        expect(textLost).toBeNull();
        expect(comparePage("storage", body, markdown).words.lost).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  }, 300_000);

  test("the same body gives the same Markdown", () => {
    fc.assert(
      fc.property(storageBody, (body) => {
        const once = convertPage({ format: "storage", body, resolver });
        expect(convertPage({ format: "storage", body, resolver })).toEqual(once);
      }),
      { numRuns: 200 },
    );
  });

  test("what is broken off or mixed up never throws anything but a PermanentError, and keeps its words", () => {
    const broken = fc
      .tuple(storageBody, fc.nat(), fc.nat())
      .map(
        ([body, from, length]) =>
          body.slice(0, from % body.length) + body.slice((from + (length % 40)) % body.length),
      );
    fc.assert(
      fc.property(
        fc.oneof(broken, fc.string({ unit: "binary" })),
        fc.constantFrom("storage", "export_view"),
        (body, format) => {
          try {
            const { markdown } = convertPage({ format, body, resolver });
            expect(markdown).not.toContain("\u0000");
            expect(markdown.isWellFormed()).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(PermanentError);
            expect((error as PermanentError).code).not.toBe("conversion_failed");
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
