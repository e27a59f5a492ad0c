import { eachElement } from "./read-xml.ts";
import { attributeOf, childAt } from "./xml-tree.ts";

type Style = { basedOn: string; level: number | null; isTitle: boolean };

/** Paragraph styles based on each other; a loop ends here. */
const MOST_STEPS = 20;
const DEEPEST_HEADING = 6;
/** `w:outlineLvl` of body text. */
const BODY_LEVEL = 9;

/**
 * The style map of mammoth for the paragraph styles of a document that make headings: by their outline level (0 is the
 * first), which a style inherits from the one it is based on, or as the title. Mammoth itself knows headings by English names.
 */
export function headingStyles(stylesXml: Uint8Array): string[] {
  const styles = new Map<string, Style>();
  eachElement(stylesXml, {
    style: (style) => {
      if (attributeOf(style, "type") !== "paragraph") return;
      const level = Number.parseInt(attributeOf(childAt(style, "pPr", "outlineLvl"), "val"), 10);
      styles.set(attributeOf(style, "styleId"), {
        basedOn: attributeOf(childAt(style, "basedOn"), "val"),
        level: Number.isNaN(level) ? null : level,
        isTitle: attributeOf(childAt(style, "name"), "val").toLowerCase() === "title",
      });
    },
  });
  return [...styles.keys()].flatMap((id) => {
    const heading = headingOf(id, styles);
    return heading === null || !/^[\w-]+$/.test(id) ? [] : [`p.${id} => h${heading}:fresh`];
  });
}

function headingOf(id: string, styles: ReadonlyMap<string, Style>): number | null {
  let style = styles.get(id);
  for (let steps = 0; style && steps < MOST_STEPS; steps++) {
    if (style.isTitle) return 1;
    if (style.level !== null)
      return style.level >= BODY_LEVEL ? null : Math.min(style.level + 1, DEEPEST_HEADING);
    style = styles.get(style.basedOn);
  }
  return null;
}
