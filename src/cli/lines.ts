const lineFeed = 0x0a;

/**
 * The lines of JSON Lines: UTF-8, ended by a line feed. Node's readline would also end one at U+2028, which JSON allows
 * within a string.
 *
 * @returns each line, undefined for one that is not UTF-8: replacing what cannot be read would make two texts one
 */
export async function* linesOf(
  input: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<string | undefined> {
  let pieces: Buffer[] = [];
  for await (const chunk of input) {
    let rest = Buffer.from(chunk);
    for (let end = rest.indexOf(lineFeed); end >= 0; end = rest.indexOf(lineFeed)) {
      yield decode([...pieces, rest.subarray(0, end)]);
      pieces = [];
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) pieces.push(rest);
  }
  if (pieces.length > 0) yield decode(pieces);
}

function decode(pieces: readonly Buffer[]): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces));
  } catch {
    return undefined;
  }
}
