// Control characters, line and paragraph separators, and what turns or hides text (bidirectional marks, zero width).
const unsafe = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * Text from outside made safe to show in a terminal or a log: what could move the cursor, forge a line or
 * reorder text is written as `\uXXXX`. Line feeds are kept where `keepLineFeeds` says so.
 */
export function escapeControls(text: string, keepLineFeeds = false): string {
  return text.replace(unsafe, (character) =>
    keepLineFeeds && character === '\n' ? character : escapeUnits(character),
  );
}

function escapeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
