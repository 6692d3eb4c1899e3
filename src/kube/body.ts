import { FeaturesealError } from '../error.ts';

/** Longest line of a watch: an event holds one object, and etcd takes 1.5 MiB by default. */
const maxLineBytes = 16 * 1024 * 1024;

/**
 * A whole body as text.
 *
 * @throws FeaturesealError object-too-large
 */
export async function textOf(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge('answer', maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString('utf8');
}

/**
 * The lines of a body as they come, without the empty ones. What follows the last line feed is no line: it was cut off.
 *
 * @throws FeaturesealError object-too-large
 */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      length = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    const rest = chunk.subarray(start);
    length += rest.length;
    if (length > maxLineBytes) throw tooLarge('watch event', maxLineBytes);
    if (rest.length > 0) parts.push(rest);
  }
}

function tooLarge(what: string, maxBytes: number): FeaturesealError {
  const message = `the API server sent more than ${maxBytes} bytes in one ${what}`;
  return new FeaturesealError({ code: 'object-too-large', message });
}
