import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { functions } from "#infra/topology.ts";

type Rule = { from: string; mayImport: readonly string[] };

/** Who may import whom: own subsystem always; `type` imports are free, because they make nobody depend on a library or on I/O. */
const rules: readonly Rule[] = [
  { from: "shared/markdown", mayImport: ["shared/chunking", "shared/errors"] },
  { from: "shared/markdown/parse", mayImport: ["shared/errors"] },
  {
    from: "shared/markdown/print",
    mayImport: [
      "shared/markdown/parse",
      "shared/errors",
      "shared/chunking/block-tree",
      "shared/chunking/lines",
    ],
  },
  {
    from: "shared/markdown/elements",
    mayImport: ["shared/markdown/parse", "shared/markdown/print", "shared/errors"],
  },
  { from: "shared/markdown/rendering", mayImport: ["shared/markdown/parse", "shared/markdown/elements"] },
  { from: "shared/markdown/fidelity", mayImport: ["shared/markdown/parse", "shared/markdown/elements"] },
  {
    from: "shared/extraction",
    mayImport: ["shared/markdown", "shared/chunking/block-tree", "shared/errors"],
  },
  { from: "shared/chunking", mayImport: ["shared/markdown", "shared/errors"] },
  { from: "shared/confluence", mayImport: ["shared/errors", "shared/log", "shared/content-kinds"] },
  { from: "shared/embeddings", mayImport: ["shared/errors", "shared/log", "shared/db"] },
  { from: "shared/reranking", mayImport: ["shared/errors"] },
  { from: "shared/queue", mayImport: ["shared/errors", "shared/messages"] },
  { from: "shared/crypto", mayImport: ["shared/errors"] },
  { from: "shared/db", mayImport: ["shared/errors"] },
  { from: "shared/notifications", mayImport: ["shared/errors", "shared/domain-events", "shared/db"] },
  {
    from: "shared/sources",
    mayImport: [
      "shared/errors",
      "shared/db",
      "shared/operation-statuses",
      "shared/content-kinds",
      "shared/access/readers/readable",
    ],
  },
  { from: "shared/requests", mayImport: ["shared/db"] },
  { from: "shared/hooks", mayImport: ["shared/errors", "shared/db"] },
  {
    from: "shared/documents",
    mayImport: [
      "shared/errors",
      "shared/content-kinds",
      "shared/db",
      "shared/chunking",
      "shared/embeddings",
      "shared/notifications",
      "shared/sources",
      "shared/access/readers/readable",
      "shared/extraction/extracted-file",
    ],
  },
  {
    from: "shared/access",
    mayImport: [
      "shared/errors",
      "shared/db",
      "shared/sources",
      "shared/confluence/client",
      "shared/confluence/content-rights",
    ],
  },
  // The engine: it joins the subsystems, and reaches Confluence, queues and models through what it is handed.
  {
    from: "shared/syncs",
    mayImport: [
      "shared/errors",
      "shared/db",
      "shared/sources",
      "shared/hooks",
      "shared/access",
      "shared/documents",
      "shared/notifications",
      "shared/operation-statuses",
      "shared/content-kinds",
      "shared/sync-metrics",
      "shared/markdown",
      "shared/chunking",
      "shared/extraction/extracted-file",
      "shared/extraction/file-revision",
      "shared/extraction/read-types",
      "shared/confluence/client",
      "shared/confluence/content-rights",
      "shared/confluence/cql",
      "shared/queue/task-queue",
    ],
  },
  {
    from: "shared/sites",
    mayImport: [
      "shared/errors",
      "shared/db",
      "shared/sources",
      "shared/notifications",
      "shared/content-kinds",
      "shared/syncs",
      "shared/hooks",
      "shared/confluence/cql",
      "shared/embeddings/token-prices",
    ],
  },
  {
    from: "shared/verify",
    mayImport: [
      "shared/confluence/cql",
      "shared/errors",
      "shared/db",
      "shared/sources",
      "shared/documents",
      "shared/content-kinds",
      "shared/markdown",
      "shared/chunking",
      "shared/syncs/listing",
      "shared/syncs/pages",
      "shared/syncs/optional-calls",
    ],
  },
  { from: "functions/api", mayImport: ["shared", "functions/runtime"] },
  { from: "functions/sync", mayImport: ["shared", "functions/runtime"] },
  { from: "functions/ops", mayImport: ["shared", "functions/runtime", "sql"] },
  { from: "functions/runtime", mayImport: ["shared"] },
  {
    from: "infra/local",
    mayImport: ["shared", "functions", "infra/topology", "infra/routes", "infra/schedules"],
  },
  // Runs in the browser: of the service it knows types.
  // What spaces a rule includes is said once, and is no more than text.
  { from: "infra/console", mayImport: ["shared/sites/space-pattern"] },
  { from: "infra/console/api", mayImport: [] },
  { from: "infra/console/state", mayImport: ["infra/console/api"] },
  { from: "infra/console/parts", mayImport: ["infra/console/api", "infra/console/state"] },
  // Names that functions log, publish and send by, so that filters, alarms, schemas and access cannot drift from them.
  {
    from: "infra/constructs",
    mayImport: [
      "infra/access",
      "infra/topology",
      "infra/routes",
      "infra/schedules",
      "shared/domain-events",
      "shared/log-events",
      "shared/log-metrics",
      "shared/messages",
      "shared/queue/queue-impacts",
      "shared/access/sweeps-in-time",
      "shared/reranking/rerank-models",
    ],
  },
];

type Import = { file: string; target: string; typeOnly: boolean };

describe("who may import whom", () => {
  const imports = globSync(["shared/**/*.ts", "functions/**/*.ts", "infra/**/*.{ts,tsx}"]).flatMap(importsOf);

  it("the import rules find imports to check", () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  for (const rule of rules) {
    it(`${rule.from} imports only ${["itself", ...rule.mayImport].join(", ")}`, () => {
      const allowed = [rule.from, ...rule.mayImport];
      const offending = imports
        .filter(
          (item) => item.file.startsWith(`${rule.from}/`) && !item.typeOnly && item.target.startsWith("#"),
        )
        .filter((item) => !allowed.some((prefix) => within(item.target.slice(1), prefix)));
      expect(offending).toEqual([]);
    });
  }

  it("no import leaves its folder by a relative path", () => {
    expect(imports.filter((item) => item.target.startsWith("../"))).toEqual([]);
  });

  it("no files import each other in a circle, type-only imports included", () => {
    expect(circles([...imports, ...globSync("test/**/*.ts").flatMap(importsOf)])).toEqual([]);
  });

  it("the console uses only libraries that a browser runs, and nothing that makes text into HTML or code", () => {
    const own = imports.filter((item) => item.file.startsWith("infra/console/"));
    const libraries = new Set(own.map(({ target }) => target).filter((target) => !/^[.#]/.test(target)));
    libraries.delete("zod"); // Types of contracts only:
    expect(own.filter(({ target, typeOnly }) => target === "zod" && !typeOnly)).toEqual([]);
    expect([...libraries].sort()).toEqual(["@preact/signals", "diff", "preact", "preact/hooks"]);
    const sink =
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(|new Function/i;
    expect(
      globSync("infra/console/**/*.{ts,tsx}").filter((file) => sink.test(readFileSync(file, "utf8"))),
    ).toEqual([]);
  });

  it("no file imports the handler of a function", () => {
    const entries = Object.values(functions).map(({ entry }) => `#${entry}`);
    const own = imports.filter(({ file }) => file.startsWith("functions/") || file.startsWith("shared/"));
    expect(own.filter(({ target, typeOnly }) => entries.includes(target) && !typeOnly)).toEqual([]);
  });

  it("only the composition roots read the environment", () => {
    const readers = globSync(["shared/**/*.ts", "functions/**/*.ts"]).filter((file) =>
      /process\.env\b/.test(readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "")),
    );
    expect(readers.filter((file) => !file.startsWith("functions/runtime/"))).toEqual([]);
  });

  it("only modules that own tables contain SQL", () => {
    const owners = [
      "shared/db",
      "shared/sources",
      "shared/sites",
      "shared/access",
      "shared/documents",
      "shared/syncs",
      "shared/requests",
      "shared/hooks",
      "shared/embeddings/embedding-models",
      "shared/notifications/outbox",
    ];
    const statement = /`\s*(select .* from|insert into|update \w+ (\w+ )?set|delete from|with \w+ as)\b/;
    const offending = globSync(["shared/**/*.ts", "functions/**/*.ts"]).filter(
      (file) => statement.test(readFileSync(file, "utf8")) && !owners.some((owner) => file.startsWith(owner)),
    );
    expect(offending).toEqual([]);
  });
});

function within(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`) || path.startsWith(`${prefix}.`);
}

/** Each set of files that import each other in a loop, type-only imports included, as one of its files' path back to itself. */
function circles(imports: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { file, target } of imports) {
    const path = target.startsWith("#") ? target.slice(1) : posix.join(posix.dirname(file), target);
    if (/\.tsx?$/.test(path)) targets.set(file, [...(targets.get(file) ?? []), path]);
  }
  const done = new Set<string>();
  const found: string[][] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    if (done.has(file)) return;
    for (const next of targets.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return found;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  const pattern = /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^"';]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g;
  return [...text.matchAll(pattern)].map((match) => ({
    file,
    target: match[2] ?? match[3] ?? "",
    typeOnly: match[1] !== undefined,
  }));
}
