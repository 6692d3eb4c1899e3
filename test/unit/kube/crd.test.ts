import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

const folder = join(import.meta.dirname, '../../../deploy/base/crd');

interface Schema {
  readonly type: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
}

interface Definition {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
      readonly subresources?: unknown;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

const files = readdirSync(folder).filter((name) => name !== 'kustomization.yaml');
const definitions = files.map((name) => parse(readFileSync(join(folder, name), 'utf8')) as Definition);

/** One line a field: path, type and every rule; what only explains is left out. */
function linesOf(
  { type, description: _, properties, additionalProperties, items, ...rules }: Schema,
  at = '',
): string[] {
  const ruleTexts = Object.entries(rules).map(
    ([key, value]) => `${key}=${JSON.stringify(key === 'required' ? (value as string[]).toSorted() : value)}`,
  );
  return [
    [at === '' ? '.' : at, type, ...ruleTexts.toSorted()].join(' '),
    ...Object.entries(properties ?? {}).flatMap(([key, schema]) => linesOf(schema, `${at}.${key}`)),
    ...(additionalProperties === undefined ? [] : linesOf(additionalProperties, `${at}{}`)),
    ...(items === undefined ? [] : linesOf(items, `${at}[]`)),
  ];
}

describe('custom resource definitions', () => {
  // Names, types, enumerations and required members of NFD's own definitions (v0.19 and v0.20-devel).
  const nfd = JSON.parse(readFileSync(join(import.meta.dirname, 'nfd-schema.json'), 'utf8')) as Record<
    string,
    string[]
  >;

  test('there is one for each kind of NFD, and the kustomization names them all', () => {
    expect(definitions.map(({ spec }) => spec.names.kind).toSorted()).toEqual(Object.keys(nfd).toSorted());
    const { resources } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as {
      resources: string[];
    };
    expect(resources.toSorted()).toEqual(files.toSorted());
  });

  test.each(definitions.map((definition) => [definition.spec.names.kind, definition] as const))(
    "%s has every field and every rule of NFD's, and nothing beyond but atomic maps",
    (kind, { spec }) => {
      expect(spec.versions).toHaveLength(1);
      // What says how two writers' maps are merged refuses no object; docs/nfd-compat.md tells why two are atomic.
      const lines = linesOf(spec.versions[0]!.schema.openAPIV3Schema).map((line) =>
        /elements object/.test(line) ? line.replace(' x-kubernetes-map-type="atomic"', '') : line,
      );
      expect(lines.toSorted()).toEqual(nfd[kind]!.toSorted());
    },
  );

  test.each([
    ['NodeFeature', 'Namespaced', 'nodefeatures', 'nf'],
    ['NodeFeatureRule', 'Cluster', 'nodefeaturerules', 'nfr'],
    ['NodeFeatureGroup', 'Namespaced', 'nodefeaturegroups', 'nfg'],
  ])('%s is %s, %s, %s', (kind, scope, plural, shortName) => {
    const definition = definitions.find(({ spec }) => spec.names.kind === kind)!;
    const { names, group, versions } = definition.spec;
    expect(definition.metadata.name).toBe(`${plural}.${group}`);
    expect(group).toBe('nfd.k8s-sigs.io');
    expect(definition.spec.scope).toBe(scope);
    expect(names).toEqual({
      kind,
      listKind: `${kind}List`,
      plural,
      singular: plural.slice(0, -1),
      shortNames: [shortName],
    });
    expect(versions[0]).toMatchObject({ name: 'v1alpha1', served: true, storage: true });
    expect(versions[0]?.subresources).toEqual(kind === 'NodeFeatureGroup' ? { status: {} } : undefined);
  });
});
