import { attribute, type MarkupElement, type MarkupNode } from "#shared/markdown/parse/markup-tree.ts";

/** A source row of a table. */
export type SourceRow = {
  cells: readonly MarkupElement[];
  inHead: boolean;
  /** The element of the row, which may style all its cells. */
  style: MarkupElement | null;
  /** The head, body or foot that it is in; null for rows directly in the table. */
  section: MarkupElement | null;
};

/** Confluence's own classes of coloured cells and, in cells that were pasted, of header cells. */
const HEADER_CLASS = /(?:^|\s)(?:highlight(?:-|\s|$)|confluenceTh(?:\s|$))/;
const PLAIN_COLOUR =
  /^(?:|none|transparent|inherit|initial|unset|white|#f{3}(?:f{3})?|rgb\(255, ?255, ?255\))$/i;
const BACKGROUND = /(?:^|[;\s])background(?:-color)?\s*:\s*([^;]+)/i;
const BOLD_STYLE = /(?:^|[;\s])font-weight\s*:\s*(?:bold|bolder|[6-9]00)\b/i;
const WRITTEN = /[^\p{P}\s]/u;
const BOLD = /^(?:strong|b|th|h[1-6])$/;

/**
 * How many rows at the top of a table are its header although they have only `<td>` (the old editor, pasted tables): those whose
 * cells are all bold or all highlighted, if no other row is, except titles across the table. A second row is part of the header
 * only below cells that span several columns or rows; those may be `<th>`. Otherwise a table with any `<th>` marks its own header.
 */
export function emphasizedHeaderRows(rows: readonly SourceRow[]): number {
  const named = rows.findIndex(({ cells, inHead }) => !inHead && cells.some(({ name }) => name !== "th"));
  const above = rows[named - 1];
  if (named === -1 || (above && !above.cells.some(spansSeveral))) return 0;
  const others = rows.slice(named);
  if (others.some(({ cells, inHead }) => inHead || cells.some(({ name }) => name === "th"))) return 0;
  const [first, second] = others;
  const hasTwo = !above && first?.cells.some(spansSeveral) && second && isEmphasized(second);
  const header = others.slice(0, hasTwo ? 2 : 1);
  const data = others.slice(header.length).filter((row) => !isTitle(row));
  const namesColumns = (header.at(-1)?.cells.length ?? 0) > 1;
  const isHeader = data.length > 0 && header.every(isEmphasized) && !data.some(isEmphasized);
  return namesColumns && isHeader ? named + header.length : 0;
}

function isTitle({ cells }: SourceRow): boolean {
  return cells.length === 1 && cells.some(spansSeveral);
}

function spansSeveral(cell: MarkupElement): boolean {
  return (
    Number.parseInt(attribute(cell, "colspan"), 10) > 1 || Number.parseInt(attribute(cell, "rowspan"), 10) > 1
  );
}

/** All cells bold, or all highlighted; a cell without text may be the corner above row names, but most must have some. */
function isEmphasized({ cells, style }: SourceRow): boolean {
  const written = cells.filter((cell) => cell.children.some(showsSomething));
  if (written.length === 0 || written.length * 2 < cells.length) return false;
  if (style && (isHighlighted(style) || isStyledBold(style))) return true;
  return written.every((cell) => isStyledBold(cell) || isBold(cell)) || written.every(isHighlighted);
}

function isHighlighted(cell: MarkupElement): boolean {
  if (HEADER_CLASS.test(attribute(cell, "class"))) return true;
  const colours = [
    attribute(cell, "data-highlight-colour"),
    attribute(cell, "bgcolor"),
    BACKGROUND.exec(attribute(cell, "style"))?.[1] ?? "",
  ];
  return colours.some((colour) => !PLAIN_COLOUR.test(colour.trim()));
}

function isStyledBold(element: MarkupElement): boolean {
  return BOLD_STYLE.test(attribute(element, "style"));
}

/** Whether everything written in a cell is bold, but for punctuation. */
function isBold(element: MarkupElement): boolean {
  return element.children.every((node) => {
    if (typeof node === "string") return !WRITTEN.test(node);
    if (BOLD.test(node.name) || isStyledBold(node)) return true;
    if (node.name === "img" || node.name === "ac:image") return false;
    return isBold(node) && (node.children.length > 0 || !node.name.includes(":"));
  });
}

function showsSomething(node: MarkupNode): boolean {
  if (typeof node === "string") return node.trim() !== "";
  return (
    /^(?:img|ac:(?:image|link|emoticon|structured-macro|macro)|time)$/.test(node.name) ||
    node.children.some(showsSomething)
  );
}
