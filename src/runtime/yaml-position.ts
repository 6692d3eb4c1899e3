import { isAlias, isMap, isNode, isScalar, isSeq, type Document, type LineCounter } from 'yaml';
import type { Position } from './config-fault.ts';

/** Where the value at `path` stands in the text; where it is missing, the nearest thing above it. */
export function locate(
  document: Document.Parsed,
  lines: LineCounter,
  path: readonly PropertyKey[],
): Position {
  let offset = document.contents?.range[0] ?? 0;
  let node: unknown = document.contents;
  for (const part of path) {
    const found = step(isAlias(node) ? node.resolve(document) : node, part);
    if (found === undefined) break;
    offset = found.offset ?? offset;
    node = found.value;
  }
  return lines.linePos(offset);
}

/** One step down: into a map to the key of the pair, so that a fault points at the line's own name; into a list to the item. */
function step(node: unknown, part: PropertyKey): { value: unknown; offset: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
    return pair && { value: pair.value, offset: startOf(pair.key) };
  }
  if (isSeq(node) && typeof part === 'number') {
    const item = node.items[part];
    return item === undefined ? undefined : { value: item, offset: startOf(item) };
  }
  return undefined;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
