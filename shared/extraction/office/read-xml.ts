import { SaxesParser } from "saxes";
import { ExtractionFailure } from "#shared/extraction/extraction-failure.ts";

/** An element by its local name (`a:tbl` is `tbl`); attributes by the names as written (`r:id`). */
export type XmlElement = {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (XmlElement | string)[];
};

/** Real documents nest some dozens of elements; readers of the trees recurse. */
const MOST_DEPTH = 256;
/** Nodes in memory at a time: at about 150 bytes each, 300 MB. */
const MOST_NODES = 2_000_000;
/** Bytes decoded at a time, so that a large part is never one string. */
const SLICE = 1 << 20;

/**
 * Handles one complete element; `path` holds the elements around it, outermost first, without their children. Reading ends at
 * the first that returns "stop".
 */
type Handler = (element: XmlElement, path: readonly XmlElement[]) => unknown;

/**
 * Reads a part of an office file in one pass, and calls the handler of each element whose local name is in `handlers` (of nested
 * ones only the outermost). Memory holds one such element at a time. Entities of a DTD are not expanded: a document
 * with a DTD is refused, as the formats forbid it.
 * @throws ExtractionFailure `extraction_failed`: not well-formed, nested too deeply, too many nodes, a DTD
 */
export function eachElement(xml: Uint8Array, handlers: Readonly<Record<string, Handler>>): void {
  parseXml(
    xml,
    (name) => Object.hasOwn(handlers, name),
    (element, path) => handlers[element.name]?.(element, path),
  );
}

/**
 * A whole part as a tree.
 * @throws ExtractionFailure as eachElement
 */
export function readXml(xml: Uint8Array): XmlElement {
  const roots: XmlElement[] = [];
  parseXml(
    xml,
    () => true,
    (element) => roots.push(element),
  );
  const [root] = roots;
  if (!root) throw unreadable("it is empty");
  return root;
}

function parseXml(xml: Uint8Array, isWanted: (name: string) => boolean, handle: Handler): void {
  const path: XmlElement[] = [];
  /** Elements open in the one that is being built; empty outside. */
  const building: XmlElement[] = [];
  let nodes = 0;
  const reading = { isStopped: false };
  const parser = new SaxesParser({ position: false, xmlns: false });
  parser.on("doctype", () => {
    throw unreadable("it declares a document type");
  });
  parser.on("error", (error) => {
    throw unreadable(error.message);
  });
  parser.on("opentag", ({ name, attributes }) => {
    const element: XmlElement = { name: localName(name), attributes, children: [] };
    if (path.length + building.length >= MOST_DEPTH) throw unreadable(`it nests over ${MOST_DEPTH} elements`);
    const parent = building.at(-1);
    parent?.children.push(element);
    if (!parent && !isWanted(element.name)) {
      path.push(element);
      return;
    }
    if (++nodes > MOST_NODES) throw unreadable(`it has over ${MOST_NODES} nodes`);
    building.push(element);
  });
  const addText = (text: string): void => {
    building.at(-1)?.children.push(text);
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", () => {
    const element = building.pop();
    if (!element) path.pop();
    else if (building.length === 0) {
      nodes = 0;
      if (!reading.isStopped) reading.isStopped = handle(element, path) === "stop";
    }
  });
  const decoder = new TextDecoder(isUtf16BigEndian(xml) ? "utf-16be" : isUtf16(xml) ? "utf-16le" : "utf-8");
  for (let start = 0; start < xml.length && !reading.isStopped; start += SLICE) {
    parser.write(decoder.decode(xml.subarray(start, start + SLICE), { stream: true }));
  }
  if (!reading.isStopped) parser.write(decoder.decode()).close();
}

function isUtf16(xml: Uint8Array): boolean {
  return xml[0] === 0xff && xml[1] === 0xfe;
}

function isUtf16BigEndian(xml: Uint8Array): boolean {
  return xml[0] === 0xfe && xml[1] === 0xff;
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function unreadable(what: string): ExtractionFailure {
  return new ExtractionFailure("extraction_failed", `The file's XML cannot be read: ${what}`);
}
