// One token: an emoji, a CJK character, a word (with the space before it) of at most 16 characters, a run of line ends,
// a run of blanks, or any other single character; marks and joiners stay with what they belong to.
const TOKEN =
  /\p{RGI_Emoji}|[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]\p{M}*| ?(?:[[\p{L}\p{N}_]--[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]]\p{M}*){1,16}|(?:\r?\n){1,16}|[ \t]{1,16}|[^][\p{M}\u200d]*/gv;

/** The tokens of a text in order; joined they are the text, and no surrogate pair is split. Lazy: a long text costs only what is taken. */
export function* tokensOf(text: string): Generator<string, void> {
  for (const [token] of text.matchAll(TOKEN)) yield token;
}

/** How many tokens a text has: the unit of every count the sandbox gives. */
export function countTokens(text: string): number {
  let count = 0;
  for (const _token of tokensOf(text)) count++;
  return count;
}
