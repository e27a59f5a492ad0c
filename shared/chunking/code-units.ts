import type { Leaf } from "./block-tree.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { leafLines, linePrefix, quotePrefix } from "./lines.ts";
import { textParts } from "./text-parts.ts";
import { type Cutting, LARGEST_UNIT, type Unit, withNext } from "./unit.ts";

/** Lines of code, each of which may get its own fence; a line too long for embedding models is split. */
export function* codeUnits(leaf: Leaf, { markdown, targetTokens }: Cutting): Generator<Unit> {
  const before = `${quotePrefix(leaf.container)}${leaf.fence?.opening ?? ""}\n`;
  const after = `\n${linePrefix(leaf.container)}${leaf.fence?.closing ?? ""}`;
  let opening: number | null = leaf.from;
  for (const [line, next] of withNext(leafLines(markdown, leaf))) {
    if (line.from === leaf.from) {
      if (!next) yield { from: leaf.from, to: leaf.to, tokens: 1, before: "", after, titles: [] };
      continue;
    }
    // The opening of a fence is one unit with the first line of code, its end with the last.
    const isClosing = next === undefined && leaf.isClosed === true;
    if (isClosing && opening === null) continue;
    const endsFence = leaf.isClosed === true && (next ?? line).to === leaf.to;
    const unit: Unit = {
      from: opening ?? line.from,
      to: endsFence ? leaf.to : line.to,
      tokens: estimateTokens(markdown.slice(opening ?? line.from, line.to + 1)) + (endsFence ? 1 : 0),
      before: opening === null ? before : "",
      after: endsFence ? "" : after,
      titles: [],
    };
    opening = null;
    if (unit.tokens <= targetTokens * LARGEST_UNIT) {
      yield unit;
      continue;
    }
    const range = { from: line.from, to: line.to };
    for (const [part, further] of withNext(
      textParts(markdown, range, { tokens: targetTokens, atomTokens: 0, ends: null }),
    )) {
      yield {
        ...unit,
        from: part.from === line.from ? unit.from : part.from,
        to: further ? part.to : unit.to,
        tokens: part.tokens,
        before: part.from === line.from ? unit.before : before + quotePrefix(leaf.container),
        after: further ? after : unit.after,
      };
    }
  }
}
