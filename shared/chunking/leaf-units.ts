import type { Leaf } from "./block-tree.ts";
import { codeUnits } from "./code-units.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { leafLines, quotePrefix } from "./lines.ts";
import { tableUnits } from "./table-units.ts";
import { textParts } from "./text-parts.ts";
import { type Cutting, LARGEST_UNIT, type Unit } from "./unit.ts";

/**
 * Splits a block where that is allowed: between rows of a table, lines of code, lines of prose or the sentences of longer lines.
 * Lazy, because a block may be a table of a million rows.
 */
export function leafUnits(leaf: Leaf, cutting: Cutting): Iterable<Unit> {
  if (leaf.kind === "table") return tableUnits(leaf, cutting);
  return leaf.kind === "code" ? codeUnits(leaf, cutting) : proseUnits(leaf, cutting);
}

/** Lines of prose: whole where they fit, else their sentences; a sentence that does not fit, its words. */
function* proseUnits(leaf: Leaf, { markdown, targetTokens }: Cutting): Generator<Unit> {
  for (const line of leafLines(markdown, leaf)) {
    const whole = { from: line.from, to: line.to, before: "", after: "", titles: [] };
    const tokens = estimateTokens(markdown.slice(line.from, line.to + 1));
    if (tokens <= targetTokens) {
      yield { ...whole, tokens };
      continue;
    }
    const parts = textParts(
      markdown,
      { from: line.textFrom, to: line.to },
      { tokens: targetTokens, atomTokens: targetTokens * LARGEST_UNIT },
    );
    for (const part of parts) {
      yield part.from === line.textFrom
        ? { ...whole, ...part, from: line.from }
        : { ...whole, ...part, before: quotePrefix(leaf.container) };
    }
  }
}
