/**
 * Whether a pattern, in which `*` stands for any characters, is this key's, in any case. Pieces between `*` are matched in order: no
 * regular expression is made of a client's text.
 */
export function matchesPattern(pattern: string, key: string): boolean {
  const wanted = key.toLowerCase();
  const [first = "", ...rest] = pattern.toLowerCase().split("*");
  const last = rest.pop();
  if (last === undefined) return wanted === first;
  if (!wanted.startsWith(first)) return false;
  let from = first.length;
  for (const piece of rest) {
    const at = wanted.indexOf(piece, from);
    if (at === -1) return false;
    from = at + piece.length;
  }
  return wanted.length - last.length >= from && wanted.endsWith(last);
}
