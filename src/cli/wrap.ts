/** Room for a column of words beside a column of names, on a terminal of usual width. */
const width = 76;

/** Words in as few lines as hold them. */
export function wrapWords(words: readonly string[], separator = ' '): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + separator.length + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last}${separator}${word}`;
  }
  return lines;
}
