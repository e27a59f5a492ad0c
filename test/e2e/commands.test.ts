import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { loadSite } from "#infra/local/confluence-site/load-site.ts";
import { SAMPLE_FOLDER } from "#infra/local/confluence-site/sample-folder.ts";
import { startConfluenceSite } from "#infra/local/confluence-site/start.ts";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { shortLived } from "#test/support/runner-process.ts";

const scripts = (JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> })
  .scripts;

// Each starts a process or two, on machines that have other things to do.
vi.setConfig({ testTimeout: 180_000 });

let empty: string;
beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), "commands-"));
});
afterAll(() => rm(empty, { recursive: true }));

/** Runs what `npm run NAME -- ARGS` runs. */
async function run(name: string, args: readonly string[], options: { env?: object; input?: string } = {}) {
  const file = /(\S+\.ts)$/.exec(scripts[name] ?? "")?.[1] ?? "";
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...shortLived, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(options.input ?? "");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, stdout, stderr };
}

describe.each([
  "start",
  "demo",
  "confluence",
  "convert",
  "bench",
  "evaluate",
  "simulate",
  "mutants",
  "probe",
  "verify",
  "mcp",
])("npm run %s", (name) => {
  it("the command prints its usage: on stdout for --help, on stderr with exit code 2 for an unknown option", async () => {
    const asked = await run(name, ["--help"]);
    expect(asked).toMatchObject({ code: 0, stderr: "" });
    expect(asked.stdout).toMatch(new RegExp(`^Usage: .*npm (run (-s )?)?${name} --`));

    const wrong = await run(name, ["--bogus"]);
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).toMatch(/^Unknown.*--bogus/);
    expect(wrong.stderr).toContain(asked.stdout);
    expect(wrong.stderr).not.toMatch(/\n +at /);
  });
});

it.each([
  ["start", ["--port", "x"], "--port x is not a whole number from 0 to 65535"],
  ["confluence", ["--port", "70000"], "--port 70000 is not a whole number from 0 to 65535"],
  ["simulate", ["--runs", "abc"], "--runs abc is not a whole number from 1"],
  ["mutants", ["--only", "no such bug"], "--only no such bug is in the name of no planted bug"],
  ["mcp", ["--url", "localhost:3000"], "--url is not the URL of a service"],
  ["evaluate", [], "Command missing"],
  ["evaluate", ["conversion"], "--dir is missing"],
  ["evaluate", ["search", "--dir", "/nope"], "--dir /nope is not a folder"],
  ["evaluate", ["search"], "--pages or --dir is missing"],
  ["evaluate", ["search", "--pages", "p.jsonl"], "--questions is missing"],
  ["bench", ["search", "--chunks", "0"], "--chunks 0 is not a whole number from 1"],
  ["convert", ["--format", "docx"], "--format docx is not one of storage, export_view, view"],
  ["verify", [], "--source is missing"],
  [
    "probe",
    ["--base-url", "https://x.atlassian.net", "--email", "a@b", "--space", "X"],
    "CONFLUENCE_TOKEN is not set",
  ],
])("npm run %s -- %j reports the usage error with exit code 2", async (name, args, message) => {
  const wrong = await run(name, args, { env: { CONFLUENCE_TOKEN: "" } });
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr.startsWith(message)).toBe(true);
  expect(wrong.stderr).toContain("Usage: ");
  expect(wrong.stderr).not.toMatch(/\n +at /);
});

it.each(["conversion", "search"])(
  "npm run evaluate %s reports what a folder lacks, without a stack",
  async (what) => {
    const failed = await run("evaluate", [what, "--dir", empty]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^(No page bodies|.* has no manifest\.jsonl).*\n$/);
  },
);

it("npm run evaluate search asks the questions of any set, and says where a set is wrong", async () => {
  const folder = await mkdtemp(join(tmpdir(), "questions-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const pages = join(folder, "pages.jsonl");
  const questions = join(folder, "questions.jsonl");
  await writeFile(
    pages,
    '{"id":1,"text":"# Zebra\\n\\nStripes."}\n{"id":"b","title":"Lion","markdown":"Mane."}\n',
  );
  const ask = async (lines: string, ...more: string[]) => {
    await writeFile(questions, lines);
    const set = ["search", "--pages", pages, "--questions", questions, "--retrievers", "keyword"];
    return run("evaluate", [...set, ...more]);
  };

  const asked = await ask(
    '{"question":"zebra","page":"1"}\n\n{"query":"mane","pages":["1","b"]}\n',
    "--ranks",
  );
  expect(asked).toMatchObject({ code: 0, stderr: "2 pages, 2 chunks\n" });
  expect(JSON.parse(asked.stdout)).toMatchObject({ row: "keyword", questions: 2, mrr: 1, ranks: [1, 1] });

  const wrong = async (lines: string) => (await ask(lines)).stderr.replaceAll(questions, "Q").trimEnd();
  expect(await wrong('{"question":"zebra","page":"c"}')).toBe(
    'Q, line 1: page "c" is not among the 2 pages (such as "1")',
  );
  expect(await wrong('{"question":"zebra","page":"1"}\nzebra')).toBe("Q, line 2 is not JSON: zebra");
  expect(await wrong('{"question":"zebra"}')).toBe("Q, line 1: ✖ `page` or `pages` is missing");
  expect(await wrong("\n")).toBe("Q is empty: it needs one JSON object a line");
});

describe("npm run convert -- --ndjson", () => {
  it("npm run convert -- --ndjson converts each line, reports the number of an invalid line and the format, and exits with 1", async () => {
    const lines = [
      '{"id":1,"body":"<p>one</p>"}',
      "",
      "{oops",
      '{"id":"4"}',
      '{"id":"5","body":"<p>five</p>"}',
    ];
    const { code, stdout, stderr } = await run("convert", ["--ndjson"], { input: lines.join("\n") });
    const whatALineIs = 'A line is {"id", "body"} and, optionally, "format" and "title"';
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      expect.objectContaining({ id: 1, markdown: "one" }),
      { id: null, error: { code: "malformed_line", message: `Line 3: it is not JSON. ${whatALineIs}` } },
      {
        id: "4",
        error: {
          code: "malformed_line",
          message: `Line 4: body must be a string, the page's body. ${whatALineIs}`,
        },
      },
      expect.objectContaining({ id: "5", markdown: "five" }),
    ]);
    expect(code).toBe(1);
    expect(stderr).toBe("2 lines could not be converted: their output lines say why\n");
  });

  it("npm run convert -- --ndjson exits with 0 when every line was converted", async () => {
    // U+2028 separates lines in Unicode, not in NDJSON.
    const input = '{"id":1,"body":"<p>one\u2028two</p>"}\n';
    const { code, stderr } = await run("convert", ["--ndjson"], { input });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("npm run probe", () => {
  const account = ["--email", "ada@example.com", "--space", "DEMO"];
  const env = { CONFLUENCE_TOKEN: "demo-token", ALLOW_LOOPBACK: "" };

  it("npm run probe probes the sample site when allowed by option or variable, and finds every assumption held", async () => {
    const now = () => new Date();
    const site = await startConfluenceSite({
      site: await loadSite(SAMPLE_FOLDER, { now, random: Math.random }),
    });
    try {
      const args = ["--base-url", site.url, ...account];
      const refused = await run("probe", args, { env });
      expect(refused).toMatchObject({ code: 2, stdout: "" });
      expect(refused.stderr).toMatch(
        /^base_url names 127\.0\.0\.1, which is a loopback address, and the token would be sent there\. --allow-loopback allows this machine, .*\n$/,
      );
      for (const allowed of [
        await run("probe", [...args, "--allow-loopback"], { env }),
        await run("probe", args, { env: { ...env, ALLOW_LOOPBACK: "true" } }),
      ]) {
        expect(allowed.stdout).toContain("held   user/current names the account");
        expect(allowed.stdout).not.toContain("WRONG");
        expect(allowed).toMatchObject({ code: 0, stderr: "" });
      }
    } finally {
      await site.close();
    }
  });
});

describe("npm run probe with other credentials than a classic API token", () => {
  let site: Awaited<ReturnType<typeof startConfluenceSite>>;
  beforeAll(async () => {
    const loaded = await loadSite(SAMPLE_FOLDER, { now: () => new Date(), random: Math.random });
    loaded.settings.token_works_at = "gateway";
    loaded.settings.token = "access-token";
    loaded.settings.client_secret = "the-secret";
    site = await startConfluenceSite({ site: loaded });
  });
  afterAll(() => site.close());
  const probe = (args: string[], token: string) =>
    run("probe", ["--base-url", site.url, "--space", "DEMO", "--allow-loopback", ...args], {
      env: { CONFLUENCE_TOKEN: token },
    });

  it.each([
    ["client credentials", ["--client-id", "demo-client"], "the-secret"],
    ["a scoped token", ["--email", "ada@example.com"], "access-token"],
    ["a service account's token", [], "access-token"],
  ])("npm run probe reaches a site through the gateway with %s", async (_, args, token) => {
    const probed = await probe(args, token);
    expect(probed).toMatchObject({ code: 0, stderr: "" });
    expect(probed.stdout).toContain("held   user/current names the account");
    expect(probed.stdout).not.toMatch(/WRONG|the-secret|access-token/);
  });

  it("npm run probe reports client credentials that Atlassian rejects, with exit code 2", async () => {
    const refused = await probe(["--client-id", "demo-client"], "wrong");
    expect(refused).toMatchObject({
      code: 2,
      stdout: "",
      stderr: "Atlassian rejected the client credentials (401)\n",
    });
  });

  it("npm run probe takes an e-mail address or a client id, not both", async () => {
    const both = await probe(["--client-id", "demo-client", "--email", "a@example.com"], "the-secret");
    expect(both).toMatchObject({ code: 2, stdout: "" });
    expect(both.stderr).toContain("--email and --client-id are both set");
  });
});

describe("npm run verify", () => {
  it("npm run verify creates nothing in a folder that is not the service's, and reports that", async () => {
    for (const dataDir of [empty, join(empty, "none")]) {
      const env = { DATABASE_URL: "", DATA_DIR: dataDir };
      const failed = await run("verify", ["--source", "x"], { env });
      expect(failed).toMatchObject({ code: 2, stdout: "" });
      expect(failed.stderr).toBe(
        `${dataDir}/database does not exist: set DATA_DIR to the folder that the service keeps its state in\n`,
      );
    }
    expect(await readdir(empty)).toEqual([]);
  });
});
