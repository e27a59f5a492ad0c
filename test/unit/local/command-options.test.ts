import { describe, expect, expectTypeOf, it } from "vitest";
import { parseOptions, UsageError, usageText, type Options } from "#infra/local/runner/command-options.ts";

const options = {
  runs: { type: "integer", value: "N", min: 1, max: 99, default: 5, description: "how often" },
  sizes: { type: "integer", value: "N", min: 0, multiple: true, description: "how large" },
  format: { type: "choice", choices: ["storage", "view"], description: "which" },
  source: { type: "text", value: "ID", required: true, description: "of what" },
  dir: { type: "folder", value: "DIR", description: "where" },
  quick: { type: "flag", description: "at once" },
} as const satisfies Options;

describe("options of a command", () => {
  it("command options have the given values, their defaults, and types", () => {
    const values = parseOptions(options, ["--source", "a", "--sizes", "0", "--sizes=7", "--format", "view"]);
    expect(values).toEqual({
      runs: 5,
      sizes: [0, 7],
      format: "view",
      source: "a",
      dir: undefined,
      quick: false,
    });
    expectTypeOf(values).toEqualTypeOf<{
      runs: number;
      sizes: number[];
      format: "storage" | "view" | undefined;
      source: string;
      dir: string | undefined;
      quick: boolean;
    }>();
    expect(parseOptions(options, ["--source=a", "--quick", "--dir", "/", "--runs", "99"])).toMatchObject({
      runs: 99,
      dir: "/",
      quick: true,
    });
  });

  it.each([
    [["--runs", "abc"], "--runs abc is not a whole number from 1 to 99"],
    [["--runs", "0"], "--runs 0 is not a whole number from 1 to 99"],
    [["--runs", "1e1"], "--runs 1e1 is not a whole number from 1 to 99"],
    [["--runs", ""], "--runs  is not a whole number from 1 to 99"],
    [["--runs=-5"], "--runs -5 is not a whole number from 1 to 99"],
    [["--sizes", "1", "--sizes", "x"], "--sizes x is not a whole number from 0"],
    [["--format", "docx"], "--format docx is not one of storage, view"],
    [["--source=a", "--dir", "/nowhere/at/all"], "--dir /nowhere/at/all is not a folder"],
    [["--source=a", "--dir", import.meta.filename], `--dir ${import.meta.filename} is not a folder`],
    [["--source", ""], "--source is missing"],
    [[], "--source is missing"],
    [["--bogus"], "Unknown option '--bogus'"],
    [["--runs"], "Option '--runs <value>' argument missing"],
    [["--quick=yes"], "Option '--quick' does not take an argument"],
    [["extra"], "Unexpected argument 'extra'"],
  ])("command options reject %j", (args, message) => {
    const parse = () => parseOptions(options, args);
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(new UsageError(message));
  });

  it("the usage text of command options follows from the same data", () => {
    expect(usageText({ name: "npm run x --", does: "Does x.", options, more: "More." })).toBe(`\
Usage: npm run x -- --source ID [OPTIONS]

Does x.

  --runs N               how often (default 5)
  --sizes N              how large (repeatable)
  --format storage|view  which
  --source ID            of what (required)
  --dir DIR              where
  --quick                at once
  --help                 prints this text

More.
`);
  });
});
