export type HclValue = string | number | boolean | readonly HclValue[] | HclObject;

export interface HclObject {
  readonly [key: string]: HclValue;
}

const token = /"(?:[^"\\]|\\.)*"|[\w.-]+|[{}[\]=,]/y;
const ignored = /(?:[ \t\r]+|#.*|\/\/.*)+/y;

/**
 * What SPIRE's configuration files use of HCL 1: blocks with labels, which become objects in objects, strings, numbers,
 * booleans, lists and objects. Stricter in two things: a key stands once, and the first of its line.
 *
 * @throws SyntaxError with the line
 */
export function parseHcl(text: string): HclObject {
  const tokens = tokensOf(text);
  let next = 0;

  function problem(what: string, at = next): SyntaxError {
    return new SyntaxError(`line ${tokens[at]?.line ?? 'the last'}: ${what}`);
  }
  function peek(): string {
    return tokens[next]?.text ?? '';
  }
  function take(expected?: string): string {
    const text = peek();
    if (text === '' || (expected !== undefined && text !== expected))
      throw problem(`no ${expected ?? 'more'}`);
    next += 1;
    return text;
  }

  function body(end: string): HclObject {
    const object: Record<string, HclValue> = {};
    while (peek() !== end) {
      if (tokens[next]?.line === tokens[next - 1]?.line) throw problem('a second key in a line');
      item(object);
    }
    return object;
  }

  function item(object: Record<string, HclValue>): void {
    const key = name();
    if (peek() === '=') {
      take();
      set(object, key, value());
    } else if (peek() === '{') {
      set(object, key, block());
    } else {
      const labelled = (object[key] ??= {}) as Record<string, HclValue>;
      item(labelled);
    }
  }

  function set(object: Record<string, HclValue>, key: string, to: HclValue): void {
    if (key in object) throw problem(`a second ${key}`, next - 1);
    object[key] = to;
  }

  function name(): string {
    const text = take();
    if (/^[{}[\]=,]$/.test(text)) throw problem(`${text} where a key should be`, next - 1);
    return text.startsWith('"') ? (JSON.parse(text) as string) : text;
  }

  function block(): HclObject {
    take('{');
    const object = body('}');
    take('}');
    return object;
  }

  function value(): HclValue {
    const text = peek();
    if (text === '{') return block();
    if (text === '[') return list();
    take();
    if (text.startsWith('"')) return JSON.parse(text) as string;
    if (text === 'true' || text === 'false') return text === 'true';
    if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
    throw problem(`${text} is no value`, next - 1);
  }

  function list(): readonly HclValue[] {
    const values: HclValue[] = [];
    take('[');
    while (peek() !== ']') {
      values.push(value());
      if (peek() !== ']') take(',');
    }
    take(']');
    return values;
  }

  return body('');
}

interface Token {
  readonly text: string;
  readonly line: number;
}

function tokensOf(text: string): readonly Token[] {
  return text.split('\n').flatMap((line, index) => {
    const tokens: Token[] = [];
    for (let at = 0; at < line.length;) {
      ignored.lastIndex = at;
      at += ignored.exec(line)?.[0].length ?? 0;
      if (at >= line.length) break;
      token.lastIndex = at;
      const found = token.exec(line)?.[0];
      if (found === undefined) throw new SyntaxError(`line ${index + 1}: ${line.slice(at)}`);
      tokens.push({ text: found, line: index + 1 });
      at += found.length;
    }
    return tokens;
  });
}
