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
    const words = item.words?.length ? item.words : [item];
    const line = lines.at(-1);
    if (line && item.y - line.y < item.height / 2) line.words.push(...words);
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

/**
 * The rows that a row of a table holds: more than one if its words stand on several lines of the page and columns have a number
 * on each of them but the first, which may be the table's head. Text that is wrapped in its cell, and a number with a blank in
 * it, stay whole.
 */
export function stackedRows(cells: readonly string[], lines: readonly (readonly Word[])[]): string[][] {
  const first = cells.find((cell) => cell !== "")?.split(/\s+/)[0];
  for (const [index, line] of lines.entries()) {
    const rows = line[0]?.text === first ? rowsFrom(cells, lines.slice(index)) : null;
    if (rows) return columnsOfNumbers(rows) < FEWEST_COLUMNS ? [[...cells]] : rows.map(textsOf);
  }
  return [[...cells]];
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

function textsOf(row: readonly LineCell[]): string[] {
  return row.map((cell) => cell.map(({ text }) => text).join(" "));
}
