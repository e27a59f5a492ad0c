import { posix } from "node:path";
import { ExtractionFailure } from "#shared/extraction/extraction-failure.ts";
import { readXml, type XmlElement } from "./read-xml.ts";
import { attributeOf, childrenOf } from "./xml-tree.ts";
import type { ZipArchive } from "./zip-archive.ts";

/** A link from one part of an office file to another part (`target` is its name in the zip file) or to a web address. */
export type Relation = { kind: string; target: string; isExternal: boolean };

/** The part as a tree; null if the file lacks it. */
export function partOf(zip: ZipArchive, name: string): XmlElement | null {
  const bytes = zip.read(name);
  return bytes === null ? null : readXml(bytes);
}

/** The relations of a part by id; `""` is the whole file. `kind` is the last segment of the relation's type. */
export function relationsOf(zip: ZipArchive, part: string): ReadonlyMap<string, Relation> {
  const folder = posix.dirname(part);
  const relations = partOf(zip, posix.join(folder, "_rels", `${posix.basename(part)}.rels`));
  return new Map(
    childrenOf(relations ?? undefined, "Relationship").map((relation) => {
      const target = attributeOf(relation, "Target");
      const isExternal = attributeOf(relation, "TargetMode") === "External";
      const kind = attributeOf(relation, "Type").split("/").at(-1) ?? "";
      const resolved = target.startsWith("/") ? target.slice(1) : posix.join(folder, target);
      return [attributeOf(relation, "Id"), { kind, target: isExternal ? target : resolved, isExternal }];
    }),
  );
}

/**
 * The name of the file's main part (`word/document.xml` in most), which its root relations say.
 * @throws ExtractionFailure `extraction_failed` when there is none
 */
export function mainPartOf(zip: ZipArchive, usual: string): string {
  const stated = [...relationsOf(zip, "").values()].find(({ kind }) => kind === "officeDocument")?.target;
  const name = stated !== undefined && zip.has(stated) ? stated : usual;
  if (zip.has(name)) return name;
  throw new ExtractionFailure("extraction_failed", `The file lacks its main part ${name}`);
}
