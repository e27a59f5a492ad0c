import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { printRow } from "#test/evaluation/search/print-row.ts";
import { rankAtCommit } from "#test/evaluation/search/rank-at-commit.ts";

const CHANGED = "shared/documents/search.ts";
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "other-commit-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A commit of this code that shows the worst hit first, in a repository of its own. */
function commitWorstFirst(): { repository: string; commit: string } {
  const repository = join(folder, "repository");
  const git = (args: string[], input?: string) =>
    execFileSync("git", ["-C", repository, ...args], { encoding: "utf8", input, env: gitEnvironment }).trim();
  execFileSync("git", ["clone", "--quiet", "--shared", "--no-checkout", ".", repository]);
  const before = git(["show", `HEAD:${CHANGED}`]);
  const after = before.replace("order by hit.score desc", "order by hit.score asc");
  expect(after).not.toBe(before);
  git(["read-tree", "HEAD"]);
  const blob = git(["hash-object", "-w", "--stdin"], after);
  git(["update-index", "--cacheinfo", `100644,${blob},${CHANGED}`]);
  return { repository, commit: git(["commit-tree", git(["write-tree"]), "-p", "HEAD", "-m", "Worst first"]) };
}

const gitEnvironment = {
  ...process.env,
  GIT_AUTHOR_NAME: "test",
  GIT_AUTHOR_EMAIL: "test@example.com",
  GIT_COMMITTER_NAME: "test",
  GIT_COMMITTER_EMAIL: "test@example.com",
};

it.skipIf(!existsSync(".git"))(
  "--against ranks by the code of the other commit, and prints the difference",
  async () => {
    const [pages, questions] = [join(folder, "pages.jsonl"), join(folder, "questions.jsonl")];
    const lines = (values: object[]) => values.map((value) => JSON.stringify(value)).join("\n");
    await writeFile(
      pages,
      lines([
        { id: "best", title: "Zeppelins", text: "How a zeppelin is steered." },
        { id: "worst", title: "Animals", text: "A walrus once saw a zeppelin from far away." },
      ]),
    );
    await writeFile(questions, lines([{ question: "zeppelins", page: "best" }]));
    const { repository, commit } = commitWorstFirst();
    const args = [`--pages=${pages}`, `--questions=${questions}`, "--retrievers", "keyword"];

    const others = await rankAtCommit(commit, args, repository);

    expect(others).toEqual(new Map([["keyword", [2]]]));
    const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    try {
      printRow({
        row: "keyword",
        questions: [{ kind: "question", query: "zeppelins", pageIds: ["p0"] }],
        ranks: [1],
        otherCommit: others.get("keyword") ?? null,
      });
      expect(JSON.parse(String(written.mock.calls[0]?.[0]))).toMatchObject({
        mrr: 1,
        this_minus_other_commit_in_mrr: { difference: 0.5, from: 0.5, to: 0.5 },
      });
    } finally {
      written.mockRestore();
    }
    expect(
      execFileSync("git", ["-C", repository, "worktree", "list"], { encoding: "utf8" }).trim().split("\n"),
    ).toHaveLength(1);
  },
  300_000,
);

it.skipIf(!existsSync(".git"))("--against names what is no commit", async () => {
  await expect(rankAtCommit("no-such-commit", [])).rejects.toThrow("no-such-commit is not a commit");
});
