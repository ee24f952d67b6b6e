/** The value of a header field that stands between two offsets of a head, without the spaces and tabs around it (RFC 9110 §5.5). */
export function fieldValue(head: string, start: number, end: number): string {
  // `trim` would take more: the last byte of `à` in UTF-8 reads as a space of another kind.
  let from = start;
  let to = end;
  while (from < to && isSpace(head.charCodeAt(from))) from++;
  while (to > from && isSpace(head.charCodeAt(to - 1))) to--;
  return head.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}
