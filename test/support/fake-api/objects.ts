/** An API object as JSON: tests write whole ones. */
export interface ApiObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [member: string]: unknown;
}

export type ObjectId = Pick<ApiObject['metadata'], 'name' | 'namespace'>;

export interface Change {
  readonly version: number;
  readonly path: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: ApiObject;
}

/** What the server stores, with its history. Collections are paths, of one namespace or of all. */
export class FakeObjects {
  readonly #objects = new Map<string, ApiObject>();
  readonly #onChange: (change: Change) => void;
  #changes: Change[] = [];
  version = 100;
  /** Nothing before it is remembered. */
  oldest = 0;

  constructor(onChange: (change: Change) => void) {
    this.#onChange = onChange;
  }

  /** Writes an object, as somebody with every right. */
  put(collection: string, object: ApiObject): ApiObject {
    const path = objectPath(collection, object.metadata);
    const known = this.#objects.get(path);
    const version = ++this.version;
    const stored: ApiObject = {
      ...object,
      metadata: {
        creationTimestamp: '2026-06-01T11:00:00Z',
        ...object.metadata,
        uid: known?.metadata.uid ?? object.metadata.uid ?? `uid-${version}`,
        resourceVersion: String(version),
      },
    };
    this.#objects.set(path, stored);
    this.#tell({ version, path, type: known === undefined ? 'ADDED' : 'MODIFIED', object: stored });
    return stored;
  }

  delete(collection: string, id: ObjectId): void {
    const path = objectPath(collection, id);
    const known = this.#objects.get(path);
    if (known === undefined) throw new Error(`there is no ${path}`);
    this.#objects.delete(path);
    const version = ++this.version;
    const object = { ...known, metadata: { ...known.metadata, resourceVersion: String(version) } };
    this.#tell({ version, path, type: 'DELETED', object });
  }

  get(collection: string, id: ObjectId): ApiObject | undefined {
    return this.#objects.get(objectPath(collection, id));
  }

  all(collection: string): readonly ApiObject[] {
    return [...this.#objects].filter(([path]) => isIn(path, collection)).map(([, object]) => object);
  }

  changesAfter(version: number): readonly Change[] {
    return this.#changes.filter((change) => change.version > version);
  }

  /** Forgets history: who watches from before now is told 410. */
  compact(): void {
    this.oldest = ++this.version;
    this.#changes = [];
  }

  /** As if etcd had been restored from a backup. */
  goBack(versions: number): void {
    this.version -= versions;
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    this.#onChange(change);
  }
}

/** Whether the path is one of a collection: of a namespace, or of all. */
export function isIn(path: string, collection: string): boolean {
  const parent = path.slice(0, path.lastIndexOf('/'));
  return parent === collection || parent.replace(/\/namespaces\/[^/]+/, '') === collection;
}

/** `a.b=c` of a field selector, `k=v` of a label selector; several with commas. */
export function isSelected(object: ApiObject, query: URLSearchParams): boolean {
  const wanted = (kind: string): string[][] =>
    (query.get(kind) ?? '')
      .split(',')
      .filter((each) => each !== '')
      .map((each) => each.split('='));
  const field = (name: string): unknown =>
    name
      .split('.')
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
  return (
    wanted('fieldSelector').every(([name = '', value]) => field(name) === value) &&
    wanted('labelSelector').every(([name = '', value]) => object.metadata.labels?.[name] === value)
  );
}

/** RFC 7396. */
export function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result = { ...(typeof target === 'object' && target !== null ? target : {}) } as Record<
    string,
    unknown
  >;
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = merged(result[key], value);
  }
  return result;
}

function objectPath(collection: string, { namespace, name }: ObjectId): string {
  if (namespace === undefined || collection.includes('/namespaces/')) return `${collection}/${name}`;
  const at = collection.lastIndexOf('/');
  return `${collection.slice(0, at)}/namespaces/${namespace}${collection.slice(at)}/${name}`;
}
