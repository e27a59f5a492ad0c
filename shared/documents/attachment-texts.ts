import type { Sql } from "#shared/db/connect.ts";
import { extractedFile, type ExtractedFile } from "#shared/extraction/extracted-file.ts";

/**
 * The kept text of exactly this version of a file, by this revision of the extraction; null if there is none. `byOcr`: one that was
 * read while OCR was on.
 */
export async function readText(
  sql: Sql,
  file: { sourceId: string; id: string; version: number; revision: number; byOcr: boolean },
): Promise<ExtractedFile | null> {
  const [row] = await sql`
    select extracted from attachment_texts
    where source_id = ${file.sourceId} and attachment_id = ${file.id} and version = ${file.version} and revision = ${file.revision}
      and (not ${file.byOcr} or extracted @> '{"ocr": true}')`;
  return row ? extractedFile.parse(row.extracted) : null;
}

/** Keeps the text of a file's version in the place of those before; one that is newer stays. `ocr`: whether OCR was on. */
export async function keepText(
  sql: Sql,
  file: { sourceId: string; id: string; version: number; revision: number; ocr: boolean; now: Date },
  extracted: ExtractedFile,
): Promise<void> {
  // Postgres refuses U+0000 and half a surrogate pair in jsonb.
  const text = JSON.stringify({ ...extracted, ocr: file.ocr }, (_, value: unknown) =>
    typeof value === "string" ? value.replaceAll("\u0000", "").toWellFormed() : value,
  );
  await sql`
    insert into attachment_texts as t (source_id, attachment_id, version, revision, extracted, extracted_at)
    values (${file.sourceId}, ${file.id}, ${file.version}, ${file.revision}, ${text}::text::jsonb, ${file.now})
    on conflict (source_id, attachment_id) do update set version = excluded.version, revision = excluded.revision,
      extracted = excluded.extracted, extracted_at = excluded.extracted_at
    where (t.version, t.revision) <= (excluded.version, excluded.revision)`;
}
