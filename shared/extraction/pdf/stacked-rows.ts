import type { TextItem, WordBox } from "@llamaindex/liteparse";

/** A word on its page: left and right edge in points, and whether it is a blank's width from the word before. */
type Word = { text: string; x: number; right: number; follows: boolean };
/** A cell of one line of a row. */
type LineCell = Word[];

const NUMBER = /^[-–+(]?[$€£]?\d[\d.,]*%?\)?$/;
/** Fewer columns than this may look alike by chance. */
const FEWEST_COLUMNS = 3;

/** A wider gap than this, in heights of the letters, is one between columns. */
const BLANK = 0.6;

/** Words of a page by the line that they stand on, from top to bottom. */
export function linesOf(textItems: readonly TextItem[]): Word[][] {
  const lines: { y: number; words: WordBox[] }[] = [];
  for (const item of textItems.toSorted((a, b) => a.y - b.y)) {
    const words = wordsOf(item);
    const line = lines.at(-1);
    if (line && item.y - line.y < item.height / 3) line.words.push(...words);
    else lines.push({ y: item.y, words: [...words] });
  }
  return lines.map(({ words }) =>
    words
      .toSorted((a, b) => a.x - b.x)
      .map(({ text, x, width, height }, index, sorted): Word => {
        const before = sorted[index - 1];
        const follows = before !== undefined && x - (before.x + before.width) < BLANK * height;
        return { text: text.trim(), x, right: x + width, follows };
      }),
  );
}

/** The library cuts a word where its font has no width for a letter: then the words are the text's, in even letters. */
function wordsOf(item: TextItem): WordBox[] {
  const { text, x, width, words = [] } = item;
  if (words.map((word) => word.text).join(" ") === text) return words;
  const letter = width / text.length;
  return [...text.matchAll(/\S+/g)].map((found) => ({
    ...item,
    text: found[0],
    x: x + found.index * letter,
    width: found[0].length * letter,
  }));
}

/**
 * The rows that a row of a table holds: more than one if its words stand on several lines of the page and columns have a number
 * on each of them but the first, which may be the table's head. Text that is wrapped in its cell, and a number with a blank in
 * it, stay whole.
 */
export function stackedRows(cells: readonly string[], lines: readonly (readonly Word[])[]): string[][] {
  const firsts = new Set(cells.map((cell) => cell.split(/\s+/)[0]));
  for (const [index, line] of lines.entries()) {
    const found = firsts.has(line[0]?.text) ? rowsFrom(cells, lines.slice(index)) : null;
    if (!found) continue;
    const { rows, shared } = withoutCentred(found);
    if (columnsOfNumbers(rows) < FEWEST_COLUMNS) return [[...cells]];
    return rows.map((row) => row.map((cell, column) => textOf(shared[column] ?? cell)));
  }
  return [[...cells]];
}

/** Rows, and cells that belong to each of them: such a cell stands between the lines of the others. */
function withoutCentred(rows: readonly LineCell[][]): { rows: LineCell[][]; shared: (LineCell | null)[] } {
  const isAlone = (row: readonly LineCell[], column: number) =>
    rows.every((other) => other === row || other[column]?.length === 0);
  const isCentred = (row: LineCell[], index: number) =>
    index > 0 &&
    index < rows.length - 1 &&
    row.every((cell, column) => cell.length === 0 || isAlone(row, column));
  const centred = rows.filter(isCentred);
  const shared = (rows[0] ?? []).map(
    (_, column) => centred.map((row) => row[column] ?? []).find((cell) => cell.length > 0) ?? null,
  );
  return { rows: rows.filter((row) => !centred.includes(row)), shared };
}

/** The cells by line, if the lines hold the cells' words, each in its column, and nothing else; else null. */
function rowsFrom(cells: readonly string[], lines: readonly (readonly Word[])[]): LineCell[][] | null {
  const left = cells.map((cell) => (cell === "" ? [] : cell.split(/\s+/)));
  const rows: LineCell[][] = [];
  for (const line of lines) {
    if (left.every((words) => words.length === 0)) break;
    const row = cells.map((): LineCell => []);
    let column = -1;
    for (const word of line) {
      if (!word.follows) column += 1;
      while (column < cells.length && left[column]?.[0] !== word.text) column += 1;
      if (column === cells.length) return null;
      left[column]?.shift();
      row[column]?.push(word);
    }
    rows.push(row);
  }
  return left.every((words) => words.length === 0) && areColumns(rows) ? rows : null;
}

/** Whether no column reaches into the next one: equal words may have been taken for those of a column beside. */
function areColumns(rows: readonly LineCell[][]): boolean {
  let edge = -Infinity;
  return (rows[0] ?? []).every((_, column) => {
    const words = rows.flatMap((row) => row[column] ?? []);
    const apart = words.every(({ x }) => x > edge);
    edge = Math.max(edge, ...words.map(({ right }) => right));
    return apart;
  });
}

function columnsOfNumbers([head = [], ...body]: readonly LineCell[][]): number {
  if (body.length === 0) return 0;
  const isNumber = (cell: LineCell = []) => NUMBER.test(cell.map(({ text }) => text).join(""));
  return head.filter((cell, column) => cell.length > 0 && body.every((row) => isNumber(row[column]))).length;
}

function textOf(cell: LineCell): string {
  return cell.map(({ text }) => text).join(" ");
}
