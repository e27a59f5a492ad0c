import { execFile, spawn } from "node:child_process";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { unusable } from "./read-lines.ts";
import type { Rank } from "./searched-index.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** What asks and scores is of this checkout; storage, words, ranking and model are of the commit. */
const OVERLAID = ["test/evaluation", "test/bench/storage/real-vectors.ts"];

const rowSchema = z.object({ row: z.string(), ranks: z.array(z.int().nullable()) });

/** The ranks that another commit's code gives for the same arguments, by row. `repository`: the folder of one that has the commit. */
export async function rankAtCommit(
  commit: string,
  args: readonly string[],
  repository = ROOT,
): Promise<Map<string, Rank[]>> {
  const git = (...command: string[]) => promisify(execFile)("git", ["-C", repository, ...command]);
  const found = await git("rev-parse", "--verify", `${commit}^{commit}`).catch(() => null);
  if (!found) throw unusable(`--against ${commit} is not a commit of this repository`);
  const folder = await mkdtemp(join(tmpdir(), "evaluate-search-"));
  const checkout = join(folder, "checkout");
  try {
    await git("worktree", "add", "--detach", checkout, found.stdout.trim());
    await symlink(join(ROOT, "node_modules"), join(checkout, "node_modules"));
    for (const path of OVERLAID) {
      await rm(join(checkout, path), { recursive: true, force: true });
      await cp(join(ROOT, path), join(checkout, path), { recursive: true });
    }
    const printed = await run(checkout, ["test/evaluation/main.ts", "search", ...args, "--ranks"]);
    const rows = printed
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => rowSchema.parse(JSON.parse(line)));
    return new Map(rows.map(({ row, ranks }) => [row, ranks]));
  } finally {
    await git("worktree", "remove", "--force", checkout).catch(() => null);
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(folder: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [...args], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw unusable(`The other commit's evaluation failed (exit ${code}); its errors are above`);
  return printed;
}
