/** An open fence: its marks, and its first and last lines. */
export type Fence = { mark: string; opening: string; closing: string };

/** A line that opens a fence is not longer; a longer one is code, or prose about code. */
const MAX_FENCE_LINE = 5000;
const OPENING = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
const CLOSING = /^ {0,3}(`{3,}|~{3,})[ \t]*$/;

/** The fence that opens on this line (given without the marks of quotes and items), or null. */
export function openedFence(line: string): Fence | null {
  if (line.length > MAX_FENCE_LINE) return null;
  const mark = OPENING.exec(line)?.[1];
  return mark === undefined ? null : { mark, opening: line.trim(), closing: mark };
}

/** Whether the line ends the fence: alone, of the same marks, at least as long. */
export function closesFence(fence: Fence, line: string): boolean {
  const mark = line.length > MAX_FENCE_LINE ? undefined : CLOSING.exec(line)?.[1];
  return mark !== undefined && mark.startsWith(fence.mark);
}
