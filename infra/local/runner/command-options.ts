import { statSync } from "node:fs";
import { parseArgs } from "node:util";

/** One option of a command, as data: parsing, checks and usage text follow from it. `value` is the name of its value in the usage text. */
export type Option = { description: string } & (
  | { type: "flag" }
  | { type: "text" | "folder"; value: string; default?: string; required?: true }
  | { type: "choice"; choices: readonly string[]; default?: string }
  | { type: "integer"; value: string; min: number; max?: number; default?: number; multiple?: true }
);
export type Options = Record<string, Option>;

type Single<O extends Option> = O extends { type: "flag" }
  ? boolean
  : O extends { type: "integer" }
    ? number
    : O extends { choices: readonly (infer C)[] }
      ? C
      : string;
type Value<O extends Option> = O extends { multiple: true }
  ? Single<O>[]
  : O extends { type: "flag" } | { required: true } | { default: string | number }
    ? Single<O>
    : Single<O> | undefined;

/** The argument of a command's `run`: without a value, flags are false, repeatable options [] and others undefined. */
export type Values<O extends Options> = { -readonly [K in keyof O]: Value<O[K]> };

export type CommandSpec<O extends Options = Options> = {
  /** The command line a user types, such as `npm run simulate --`. */
  name: string;
  does: string;
  options: O;
  /** Further information for the user, such as formats and variables. */
  more?: string;
};

/** The command line is invalid. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** The values of `args`. Throws `UsageError` that names the option, its value and what it accepts. */
export function parseOptions<O extends Options>(options: O, args: readonly string[]): Values<O> {
  const given = parse(options, args);
  const values = Object.entries(options).map(([name, option]) => {
    const texts = [given[name] ?? []].flat();
    if (option.type === "flag") return [name, texts.length > 0];
    const read = texts.map((text) => readValue(name, option, String(text)));
    if ("multiple" in option && option.multiple) return [name, read];
    if ("required" in option && option.required && !read.at(-1)) throw new UsageError(`--${name} is missing`);
    return [name, read.at(-1) ?? option.default];
  });
  // Each value has its option's type.
  return Object.fromEntries(values) as Values<O>;
}

function parse(options: Options, args: readonly string[]) {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { type }]) => [
      name,
      { type: type === "flag" ? ("boolean" as const) : ("string" as const), multiple: true },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options: config }).values;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")))
      throw error;
    // The rest of the message explains how to pass a positional argument.
    throw new UsageError(error.message.split(/\. |\n/)[0] ?? "");
  }
}

function readValue(name: string, option: Exclude<Option, { type: "flag" }>, text: string): string | number {
  const refuse = (kind: string) => new UsageError(`--${name} ${text} is not ${kind}`);
  switch (option.type) {
    case "integer": {
      const { min, max = Number.MAX_SAFE_INTEGER } = option;
      const number = /^\d+$/.test(text) ? Number(text) : NaN;
      if (number >= min && number <= max) return number;
      throw refuse(`a whole number ${option.max === undefined ? `from ${min}` : `from ${min} to ${max}`}`);
    }
    case "choice":
      if (option.choices.includes(text)) return text;
      throw refuse(`one of ${option.choices.join(", ")}`);
    case "folder":
      if (statSync(text, { throwIfNoEntry: false })?.isDirectory()) return text;
      throw refuse("a folder");
    case "text":
      return text;
  }
}

/** The text that `--help` prints. */
export function usageText({ name, does, options, more }: CommandSpec): string {
  const required = Object.entries(options)
    .filter(([, option]) => "required" in option && option.required)
    .map(([option]) => ` ${heading(option, options)}`);
  const rows = Object.keys(options).map((option) => [heading(option, options), describe(options[option])]);
  rows.push(["--help", "prints this text"]);
  const width = Math.max(...rows.map(([left = ""]) => left.length));
  const lines = rows.map(([left = "", right]) => `  ${left.padEnd(width)}  ${right}`);
  const call = `${name}${required.join("")}${required.length < rows.length - 1 ? " [OPTIONS]" : ""}`;
  return `${[`Usage: ${call}`, does, lines.join("\n"), ...(more ? [more] : [])].join("\n\n")}\n`;
}

function heading(name: string, options: Options): string {
  const option = options[name];
  if (!option || option.type === "flag") return `--${name}`;
  return `--${name} ${option.type === "choice" ? option.choices.join("|") : option.value}`;
}

function describe(option: Option | undefined): string {
  if (!option) return "";
  const notes = [
    "required" in option && option.required ? "required" : null,
    "multiple" in option && option.multiple ? "repeatable" : null,
    "default" in option && option.default !== undefined ? `default ${option.default}` : null,
  ].filter((note) => note !== null);
  return option.description + (notes.length > 0 ? ` (${notes.join(", ")})` : "");
}
