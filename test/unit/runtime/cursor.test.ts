import { expect, it } from "vitest";
import { z } from "zod";
import { cursorText, cursorTime, pageOf, readCursor, writeCursor } from "#functions/runtime/cursor.ts";

const position = z.tuple([z.string()]);
const encoded = (json: unknown) => Buffer.from(JSON.stringify(json)).toString("base64url");
const refused = expect.objectContaining({ status: 400, code: "invalid_cursor" }) as unknown;

it("a list has no next page when its rows end at its limit", () => {
  const read = (count: number) => pageOf("things", "abcdef".slice(0, count).split(""), 3, (row) => [row]);
  expect(read(0)).toEqual({ rows: [], nextCursor: null });
  expect(read(3)).toEqual({ rows: ["a", "b", "c"], nextCursor: null });
  const { rows, nextCursor } = read(4);
  expect(rows).toEqual(["a", "b", "c"]);
  expect(readCursor("things", position, nextCursor ?? "")).toEqual(["c"]);
});

it("a list without a cursor is read from its beginning", () => {
  expect(readCursor("things", position, undefined)).toBeNull();
});

it("a cursor leads back to its position, whatever it is made of", () => {
  const schema = z.tuple([cursorTime, cursorText, z.int()]);
  const written = ["2026-03-01T12:00:00.000Z", "Übersicht\n☃", -3] as const;
  expect(readCursor("things", schema, writeCursor("things", written))).toEqual(written);
});

it("a list refuses another list's cursor", () => {
  const { nextCursor } = pageOf("things", ["a", "b"], 1, (row) => [row]);
  expect(() => readCursor("others", position, nextCursor ?? "")).toThrow(refused);
});

it.each([
  ["nothing", ""],
  ["no JSON", "?"],
  ["JSON that is not encoded", '["things","a"]'],
  ["a text", encoded("things")],
  ["nothing known", encoded(null)],
  ["the name of the list alone", encoded(["things"])],
  ["a longer position", encoded(["things", "a", "b"])],
  ["another kind of position", encoded(["things", 1])],
])("a cursor that is %s is refused", (_, cursor) => {
  expect(() => readCursor("things", position, cursor)).toThrow(refused);
});
