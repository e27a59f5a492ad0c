import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareChunks, type StoredChunk } from "#shared/documents/chunk-changes.ts";
import type { EmbeddedChunk } from "#shared/documents/page-to-store.ts";

const hash = fc.constantFrom("a", "b", "c", "d", "e");
const storedChunks = fc
  .array(fc.record({ inputHash: hash, marked: fc.boolean(), embedded: fc.boolean() }), { maxLength: 12 })
  .map((rows) =>
    rows.map((row, index): StoredChunk => ({
      ...row,
      headingPath: [],
      place: null,
      id: String(index + 1),
      chunkNumber: index,
    })),
  );
const newChunks = fc
  .array(fc.record({ inputHash: hash, vector: fc.boolean() }), { maxLength: 12 })
  .map((rows) =>
    rows.map(({ inputHash, vector }): EmbeddedChunk => ({
      content: inputHash,
      headingPath: [],
      inputHash,
      embedding: vector ? [1] : null,
    })),
  );

describe("compareChunks", () => {
  it("compareChunks accounts for every stored row and every new chunk exactly once", () => {
    fc.assert(
      fc.property(storedChunks, newChunks, (stored, chunks) => {
        const { kept, added, staleIds } = compareChunks(stored, chunks);
        expect([...kept.map((row) => row.id), ...staleIds].sort()).toEqual(
          stored.map((row) => row.id).sort(),
        );
        expect([...kept, ...added].map((row) => row.chunkNumber).sort((a, b) => a - b)).toEqual(
          chunks.map((_, n) => n),
        );
      }),
    );
  });

  it("compareChunks keeps as many rows as possible, each for a chunk of the same input", () => {
    fc.assert(
      fc.property(storedChunks, newChunks, (stored, chunks) => {
        const count = (list: readonly { inputHash: string }[], value: string) =>
          list.filter((item) => item.inputHash === value).length;
        const { kept } = compareChunks(stored, chunks);
        for (const row of kept) expect(row.stored.inputHash).toBe(row.chunk.inputHash);
        for (const value of ["a", "b", "c", "d", "e"]) {
          const matching = kept.filter((row) => row.chunk.inputHash === value).length;
          expect(matching).toBe(Math.min(count(stored, value), count(chunks, value)));
        }
      }),
    );
  });

  it("compareChunks leaves no chunk without a vector: its own, its row's, or a donor's with the same input", () => {
    fc.assert(
      fc.property(storedChunks, newChunks, (stored, chunks) => {
        const { kept, added, missingVectors } = compareChunks(stored, chunks);
        fc.pre(missingVectors.length === 0);
        const donor = new Map(stored.map((row) => [row.id, row]));
        for (const { chunk, donorId } of added) {
          const given = donorId === null ? null : donor.get(donorId);
          expect(chunk.embedding !== null || (given?.embedded && given.inputHash === chunk.inputHash)).toBe(
            true,
          );
        }
        for (const { chunk, donorId, stored: row } of kept) {
          const given = donorId === null ? null : donor.get(donorId);
          expect(row.embedded || chunk.embedding !== null || given?.embedded).toBe(true);
        }
      }),
    );
  });

  it("compareChunks returns exactly the inputs that have no vector anywhere", () => {
    fc.assert(
      fc.property(storedChunks, newChunks, (stored, chunks) => {
        const embedded = new Set(stored.filter((row) => row.embedded).map((row) => row.inputHash));
        const expected = chunks.filter((chunk) => chunk.embedding === null && !embedded.has(chunk.inputHash));
        expect(compareChunks(stored, chunks).missingVectors).toEqual(
          expected.map((chunk) => chunk.inputHash),
        );
      }),
    );
  });

  it.each<[string, Partial<StoredChunk>[], string[]]>([
    ["of the same input by their numbers", [{ chunkNumber: 7 }, { chunkNumber: 2 }], ["2", "1"]],
    ["those not marked for deletion first", [{ marked: true }, { chunkNumber: 9 }], ["2", "1"]],
    ["those with a vector before the others", [{ embedded: false }, { chunkNumber: 9 }], ["2", "1"]],
    [
      "a mark counts for more than a vector",
      [{ marked: true }, { chunkNumber: 9, embedded: false }],
      ["2", "1"],
    ],
  ])("rows are kept %s", (_, rows, order) => {
    const stored = rows.map((row, index) => storedAs(String(index + 1), row));
    const twice = [chunk([1]), chunk([1])];
    expect(compareChunks(stored, twice).kept.map(({ id }) => id)).toEqual(order);
    const [first, second] = order;
    const { kept, staleIds } = compareChunks(stored, [chunk([1])]);
    expect([kept.map(({ id }) => id), staleIds]).toEqual([[first], [second]]);
  });

  it("a chunk without a vector copies that of the most useful row with one, whichever row it keeps", () => {
    const rows = [
      storedAs("1", { chunkNumber: 0, embedded: false }),
      storedAs("2", { chunkNumber: 2 }),
      storedAs("3", { chunkNumber: 1 }),
    ];
    const { kept, added } = compareChunks(rows, [chunk(null), chunk(null), chunk([1]), chunk(null)]);
    expect(kept.map(({ id, donorId }) => [id, donorId])).toEqual([
      ["3", "3"],
      ["2", "3"],
      ["1", null],
    ]);
    expect(added.map(({ chunkNumber, donorId }) => [chunkNumber, donorId])).toEqual([[3, "3"]]);
  });
});

/** A row of the input `a`, with a vector, unless it is to differ. */
const storedAs = (id: string, row: Partial<StoredChunk>): StoredChunk => ({
  id,
  chunkNumber: 0,
  inputHash: "a",
  headingPath: [],
  place: null,
  marked: false,
  embedded: true,
  ...row,
});
const chunk = (embedding: number[] | null): EmbeddedChunk => ({
  content: "a",
  headingPath: [],
  inputHash: "a",
  embedding,
});
