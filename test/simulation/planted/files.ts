import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const FILES = "test/integration/syncs/attachments.test.ts";
const TEXTS = "test/integration/syncs/attachment-texts.test.ts";
const DRY_RUN_FILES = "test/integration/syncs/dry-run-files.test.ts";
const PDF = "test/unit/extraction/extract-pdf.test.ts";
const PREPARE = "shared/syncs/files/prepare-file.ts";
const DOCUMENTS = "shared/documents/files.ts";
const DELETE_PAGES = "shared/documents/delete-pages.ts";
const CHECK = "shared/syncs/deletions/deletion-check-step.ts";
const CHECK_LISTING = "shared/syncs/deletions/check-listing.ts";
const CANDIDATES = "shared/syncs/deletions/deletion-candidates.ts";
const UNSYNCED = "shared/documents/unsynced-kinds.ts";
const STORE = "shared/syncs/pages/store-prepared-page.ts";

const JUDGED_AS_PAGES = change(
  CANDIDATES,
  'first.kind === "attachment"\n      ? await judgeFiles(context, rows.slice(0, FILES_BATCH))\n      : await judgePages(context, first.kind, rows);',
  'await judgePages(context, first.kind === "blogpost" ? "blogpost" : "page", rows.slice(0, FILES_BATCH)); void judgeFiles;',
);

/** Files that are lost, stay too long, have another version's text, or harm what they are on. */
export const FILE_BUGS: readonly PlantedBug[] = [
  bug(
    "files become candidates of a listing of pages",
    change(CHECK_LISTING, "{ everything: true, keepSeen: true }", "{ everything: true, keepSeen: false }"),
    JUDGED_AS_PAGES,
  ),
  bug("files that were not listed are requested as pages", JUDGED_AS_PAGES),
  bugFoundBy(
    FILES,
    "types of files that are missing in the response count as gone",
    change("shared/syncs/deletions/judge-files.ts", "if (type === null)", "if ((type ?? null) === null)"),
  ),
  bugFoundBy(
    FILES,
    "no cap for files",
    change(
      CHECK,
      "judgeCaps(await countOutcomes(services.sql, operation))",
      'judgeCaps((await countOutcomes(services.sql, operation)).filter(({ kind }) => kind !== "attachment"))',
    ),
  ),
  bug(
    "files survive their page",
    change(
      DELETE_PAGES,
      "where d.source_id = ${request.sourceId} and not d.is_deleted and ${isGoneToo(tx, request)}\n    ), gone as",
      "where d.source_id = ${request.sourceId} and not d.is_deleted and d.kind <> 'attachment' and ${isGoneToo(tx, request)}\n    ), gone as",
    ),
  ),
  bugFoundBy(
    FILES,
    "a hidden page's files stay found",
    change(
      DELETE_PAGES,
      "and missing_since is null and not is_deleted`",
      "and missing_since is null and not is_deleted and kind = 'comments'`",
    ),
  ),
  bugFoundBy(
    FILES,
    "a page that is shown again leaves its files hidden",
    change(DELETE_PAGES, "(kind = 'comments' or hidden_with_container)", "kind = 'comments'"),
  ),
  bugFoundBy(
    FILES,
    "a file that was hidden by itself is shown with its page",
    change(DELETE_PAGES, "(kind = 'comments' or hidden_with_container)", "true"),
  ),
  bugFoundBy(
    FILES,
    "a file is shown on a page that is not",
    change(
      DOCUMENTS,
      "else d.missing_since is null or d.hidden_with_container is not true end",
      "else false end",
    ),
  ),
  bugFoundBy(
    FILES,
    "an older version of a file replaces a newer one",
    change(
      "shared/documents/is-superseded.ts",
      'if (page.kind === "attachment" && stored.stateRevision !== expected) return true;',
      'if (page.kind === "attachment") return false;',
    ),
  ),
  // In histories a listing that names the file anew mends it before anybody looks.
  bugFoundBy(
    FILES,
    "a file that is renamed while it is stored keeps its old name",
    change(
      "shared/documents/is-superseded.ts",
      'if (page.kind === "attachment" && stored.stateRevision !== expected) return true;\n',
      "",
    ),
  ),
  bug(
    "a renamed file keeps the chunks of its old name",
    change(
      DOCUMENTS,
      "case when (p.title, p.container_id) is distinct from (excluded.title, excluded.container_id)\n        then 0 else p.representation_revision end",
      "p.representation_revision",
    ),
  ),
  bug(
    "a file that was moved stays on its old page",
    change(DOCUMENTS, "container_id = excluded.container_id, title", "container_id = p.container_id, title"),
  ),
  bug(
    "another version of a file is downloaded than was listed",
    change(
      PREPARE,
      "client.attachmentAddress({ containerId, id, version })",
      "client.attachmentAddress({ containerId, id, version: Math.max(1, version - 1) })",
    ),
  ),
  bugFoundBy(
    FILES,
    "the kept text of an older version is used",
    change(
      "shared/documents/attachment-texts.ts",
      "and version = ${file.version} and revision = ${file.revision}",
      "and revision = ${file.revision}",
    ),
  ),
  bug(
    "the text of a file is not kept",
    change(PREPARE, "await keepText(sql, { ...key, ocr, now: now() }, text);", "void [keepText, now];"),
  ),
  bug(
    "credentials are sent to the media host",
    change(
      "shared/extraction/extract-attachment.ts",
      'method: "GET", headers: {}',
      'method: "GET", headers: { authorization: "Basic c3luYw==" }',
    ),
  ),
  bugFoundBy(
    TEXTS,
    "a download that is refused ends the sync",
    change(PREPARE, "throw ofThisFile(error);", "throw ofThisFile(error) && error;"),
  ),
  bug(
    "a file that cannot be read is not stored by its name",
    change(
      PREPARE,
      "const model = documentEmbedder(",
      'if (text.result === "extraction_failed") throw new PermanentError("extraction_failed", text.message);\n  const model = documentEmbedder(',
    ),
  ),
  bugFoundBy(
    TEXTS,
    "an extractor that crashes fails the operation",
    change(
      PREPARE,
      "const { chunks, contentHash } = chunkFile(",
      'if (text.result === "extraction_failed" && text.extractor === "none") throw new PermanentError(text.result, text.message);\n  const { chunks, contentHash } = chunkFile(',
    ),
    change(
      "shared/syncs/pages/page-failure.ts",
      '  "source_deleted",\n]);',
      '  "source_deleted",\n  "extraction_failed",\n]);',
    ),
  ),
  bugFoundBy(
    "test/unit/extraction/hostile-files.test.ts",
    "an Office file is read as what is embedded in it",
    change("shared/extraction/file-type.ts", "mainType(zip) ?? zip.read", "zip.read"),
  ),
  bugFoundBy(
    PDF,
    "a damaged page of a PDF gives the pages after it the text of others",
    change(
      "shared/extraction/pdf/read-by-liteparse.ts",
      "pages.map((page) => upright.get(page.number) ?? page)",
      "pages.map((page, index) => upright.get(index + 1) ?? page)",
    ),
  ),
  bugFoundBy(
    PDF,
    "lines of a PDF that differ in an amount are removed as running heads",
    change(
      "shared/extraction/pdf/clean-pages.ts",
      "!PAGE_NUMBER.test(word) || isAmount(index)",
      "!/\\d/.test(word) || index < 0",
    ),
  ),
  bugFoundBy(
    FILES,
    "a file that is gone when its page is back is asked for in each sync",
    change(DOCUMENTS, "and not d.file ? 'gone'", ""),
  ),
  bugFoundBy(
    FILES,
    "a file that was trashed again after it was listed is restored",
    change(
      PREPARE,
      "if (state?.isDeleted && (await isGone(",
      "if (state?.isDeleted && false && (await isGone(",
    ),
  ),
  bug(
    "files that are switched off leave their rows",
    change(
      UNSYNCED,
      "where not ${syncsKind(tx, tx`p.kind`)}",
      "where p.kind <> 'attachment' and not ${syncsKind(tx, tx`p.kind`)}",
    ),
  ),
  bug(
    "files that are switched off leave their texts",
    change(UNSYNCED, "where not ${syncsKind(sql, sql`'attachment'`)}", "where false"),
  ),
  bug(
    "files of a page that is stored are not queued",
    change(
      STORE,
      "await queueFiles(tx, operation, outdated, services.now());",
      "void [queueFiles, outdated];",
    ),
  ),
  bugFoundBy(
    FILES,
    "an operation that has ended is given the files of a page",
    change(STORE, "  if (!mayQueue) return;\n", ""),
  ),
  bug(
    "the search for changes leaves out files",
    change("shared/syncs/listing/list-content.ts", "[...arrived.files, ...listed.files]", "arrived.files"),
  ),
  bugFoundBy(
    TEXTS,
    "the error of a file's former version keeps the next one waiting",
    change(
      DOCUMENTS,
      "is not distinct from ((excluded.file ->> 'version')::int, excluded.container_id, excluded.title) then",
      "is not distinct from ((excluded.file ->> 'version')::int, excluded.container_id, excluded.title) or true then",
    ),
  ),
  bugFoundBy(
    DRY_RUN_FILES,
    "a dry run does not plan files",
    change(
      "shared/syncs/files/list-files.ts",
      "await queueFiles(tx, operation, await filesToPlan(tx, operation, files, options), now);",
      "void [filesToPlan, options];",
    ),
  ),
  bugFoundBy(
    DRY_RUN_FILES,
    "a dry run leaves out files on new pages",
    change(DOCUMENTS, "w.state = 'planned'))", "w.state = 'pending'))"),
    change(
      "shared/syncs/files/list-files.ts",
      "onUnknownPages: source.content.blogposts",
      "onUnknownPages: false",
    ),
  ),
];
