import { PermanentError, TransientError, UserError } from "#shared/errors.ts";
import {
  parseOptions,
  UsageError,
  usageText,
  type CommandSpec,
  type Options,
  type Values,
} from "./command-options.ts";

/** A command that takes its arguments as text; if it runs as a program, `Result` is an exit code (undefined: 0). */
export type Command<Result = number | void> = CommandSpec & {
  /** Exit code of a failure; default 1, unless that code has another meaning. */
  failed?: number;
  run: (args: readonly string[]) => Promise<Result>;
};

/** A command by its options: `run` gets their values. */
export function defineCommand<const O extends Options, Result>(
  spec: CommandSpec<O> & { failed?: number; run: (values: Values<O>) => Promise<Result> },
): Command<Result> {
  return { ...spec, run: async (args) => spec.run(parseOptions(spec.options, args)) };
}

/**
 * Runs a command with the process's arguments. `--help` prints the usage on stdout, exit 0. A usage error prints the problem and
 * the usage on stderr, exit 2. An error that a user can fix is one line on stderr; any other has its stack.
 */
export async function runCommand(
  command: Command,
  args: readonly string[] = process.argv.slice(2),
): Promise<void> {
  if (asksForHelp(args)) {
    process.stdout.write(usageText(command));
    return;
  }
  try {
    process.exitCode = (await command.run(args)) ?? process.exitCode;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${usageText(command)}`);
      process.exitCode = 2;
      return;
    }
    process.stderr.write(`${explain(error)}\n`);
    // Open handles must not keep the process alive.
    process.exit(command.failed ?? 1);
  }
}

/** Runs the command that the first argument names; `otherwise` without an argument. */
export async function runOneOf(
  group: { name: string; does: string; commands: Record<string, Command>; otherwise?: () => Promise<void> },
  [name, ...rest]: readonly string[] = process.argv.slice(2),
): Promise<void> {
  const command = name === undefined ? undefined : group.commands[name];
  if (command) return runCommand(command, rest);
  if (name === undefined && group.otherwise) return group.otherwise();
  const usage = groupUsage(group);
  if (name !== undefined && asksForHelp([name])) {
    process.stdout.write(usage);
    return;
  }
  process.stderr.write(`${name === undefined ? "Command missing" : `Unknown command: ${name}`}\n\n${usage}`);
  process.exitCode = 2;
}

function groupUsage({ name, does, commands }: Parameters<typeof runOneOf>[0]): string {
  const names = Object.keys(commands);
  const width = Math.max(...names.map((one) => one.length));
  const lines = Object.entries(commands).map(([one, command]) => `  ${one.padEnd(width)}  ${command.does}`);
  return `Usage: ${name} ${names.join("|")} [OPTIONS]\n\n${does}\n\n${lines.join("\n")}\n\nRun a command with --help for its options.\n`;
}

function asksForHelp(args: readonly string[]): boolean {
  return args.includes("--help") || args.includes("-h");
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isUsersFault =
    error instanceof UserError ||
    error instanceof PermanentError ||
    error instanceof TransientError ||
    // Errors of the operating system: a port that is taken, a missing file.
    "syscall" in error;
  return isUsersFault ? error.message : (error.stack ?? error.message);
}
