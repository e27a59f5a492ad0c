import { attribute, type MarkupElement, type MarkupNode } from "#shared/markdown/parse/markup-tree.ts";

/** A row of a table as it was written. */
export type SourceRow = { cells: readonly MarkupElement[]; inHead: boolean };

const HIGHLIGHT = /(?:^|\s)highlight(?:-|\s|$)/;
const PLAIN_COLOUR =
  /^(?:|none|transparent|inherit|initial|unset|white|#f{3}(?:f{3})?|rgb\(255, ?255, ?255\))$/i;
const BACKGROUND = /(?:^|[;\s])background(?:-color)?\s*:\s*([^;]+)/i;
const BOLD_STYLE = /(?:^|[;\s])font-weight\s*:\s*(?:bold|bolder|[6-9]00)\b/i;
const BOLD = /^(?:strong|b|th|h[1-6])$/;

/**
 * How many rows at the top of a table are its header, where no `<th>` and no `<thead>` says so (the old editor, pasted
 * tables): a first row whose cells are all bold or all highlighted, when no other row is. A second row like it belongs to the
 * header when the first has cells that span several columns or rows.
 */
export function emphasizedHeaderRows(rows: readonly SourceRow[]): number {
  if (
    rows.length < 2 ||
    rows.some(({ cells, inHead }) => inHead || cells.some(({ name }) => name === "th"))
  ) {
    return 0;
  }
  const [first] = rows;
  if (!first || first.cells.length < 2) return 0;
  const emphasized = rows.map(({ cells }) => isEmphasized(cells));
  const count = emphasized[1] && first.cells.some(spansSeveral) ? 2 : 1;
  const isHeader = emphasized.slice(0, count).every(Boolean) && !emphasized.slice(count).some(Boolean);
  return isHeader && rows.length > count ? count : 0;
}

function spansSeveral(cell: MarkupElement): boolean {
  return (
    Number.parseInt(attribute(cell, "colspan"), 10) > 1 || Number.parseInt(attribute(cell, "rowspan"), 10) > 1
  );
}

/** All cells bold, or all highlighted; a cell without text may be the corner above row names, but most must have some. */
function isEmphasized(cells: readonly MarkupElement[]): boolean {
  const written = cells.filter((cell) => cell.children.some(showsSomething));
  if (written.length === 0 || written.length * 2 < cells.length) return false;
  return written.every((cell) => isBold(cell)) || written.every(isHighlighted);
}

function isHighlighted(cell: MarkupElement): boolean {
  if (HIGHLIGHT.test(attribute(cell, "class"))) return true;
  const colours = [
    attribute(cell, "data-highlight-colour"),
    attribute(cell, "bgcolor"),
    BACKGROUND.exec(attribute(cell, "style"))?.[1] ?? "",
  ];
  return colours.some((colour) => !PLAIN_COLOUR.test(colour.trim()));
}

/** Whether everything written in a cell is bold. */
function isBold(element: MarkupElement): boolean {
  return element.children.every((node) => {
    if (typeof node === "string") return node.trim() === "";
    if (BOLD.test(node.name) || BOLD_STYLE.test(attribute(node, "style"))) return true;
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
