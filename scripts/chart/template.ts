import { isMap, isNode, type Document } from 'yaml';
import { markOf, settings } from './rendering.ts';

export type Path = readonly (string | number)[];
type Slot = (indent: string, before: string, after: string) => string;

/**
 * A Kubernetes object on its way to a Helm template: where Helm is to put something, a token stands until the text is
 * made.
 */
export class Template {
  readonly #document: Document;
  readonly #slots: Slot[] = [];

  constructor(document: Document) {
    this.#document = document;
  }

  get(path: Path): unknown {
    return this.#document.getIn(path);
  }

  json(path: Path): unknown {
    const node = this.get(path);
    return isNode(node) ? node.toJS(this.#document) : node;
  }

  /** A text or number of the object becomes `{{ expression }}`. */
  put(path: Path, expression: string): void {
    this.#mustHave(path);
    this.#document.setIn(path, this.inline(expression));
  }

  /** A list or object of it becomes what a value holds. */
  putYaml(path: Path, expression: string): void {
    this.#mustHave(path);
    const slot: Slot = (indent, before) =>
      `${indent}${before.trimEnd()}\n${indent}  {{- toYaml ${expression} | nindent ${indent.length + 2} }}`;
    this.#document.setIn(path, this.#token(slot));
  }

  remove(path: Path): void {
    this.#document.deleteIn(path);
  }

  /** Members more at the end of an object of it, made where there is none. */
  add(path: Path, lines: (indent: number) => readonly string[]): void {
    if (!isMap(this.get(path))) this.#document.setIn(path, this.#document.createNode({}));
    this.#document.setIn([...path, this.lines(lines)], null);
  }

  /** Text of a file in a ConfigMap; what is put into it may hold tokens. */
  edit(path: Path, change: (text: string) => string): void {
    const text = this.get(path);
    if (typeof text !== 'string') throw new Error(`${path.join('.')} is no text`);
    this.#document.setIn(path, change(text));
  }

  /** A token for `{{ expression }}` within a text. */
  inline(expression: string): string {
    return this.#token((indent, before, after) => `${indent}${before}{{ ${expression} }}${after}`);
  }

  /** A token for whole lines; `indent` is what they get. */
  lines(lines: (indent: number) => readonly string[]): string {
    return this.#token((indent) =>
      lines(indent.length)
        .map((line) => indent + line)
        .join('\n'),
    );
  }

  /** Braces that the object has of its own are not Helm's to read. */
  toString(): string {
    return this.#document
      .toString({ lineWidth: 0, directives: false })
      .replaceAll('{{', '{{ "{{" }}')
      .split('\n')
      .map((line) => withSettings(this.#filled(line)))
      .join('\n');
  }

  #token(slot: Slot): string {
    return `helm-slot-${this.#slots.push(slot)};`;
  }

  #filled(line: string): string {
    const [, indent = '', before = '', number, after = ''] =
      /^( *)(.*?)helm-slot-(\d+);(?:: null)?(.*)$/.exec(line) ?? [];
    const slot = this.#slots[Number(number) - 1];
    return slot === undefined ? line : slot(indent, before, after);
  }

  #mustHave(path: Path): void {
    if (this.get(path) === undefined) throw new Error(`nothing at ${path.join('.')} to put a value in`);
  }
}

function withSettings(line: string): string {
  let text = line;
  for (const [name, expression] of Object.entries(settings)) {
    const mark = markOf(name);
    // A whole scalar is quoted: a namespace may be called 123.
    if (text.endsWith(`: ${mark}`)) text = text.replace(mark, `{{ ${expression} | quote }}`);
    text = text.replaceAll(mark, `{{ ${expression} }}`);
  }
  return text;
}
