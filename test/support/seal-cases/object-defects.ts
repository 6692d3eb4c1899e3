import type { AnyObject, Json } from '../seal-maker.ts';
import { withAfter, withMetadata, withSpec, type Defect, type Scenario } from './scenario.ts';

type Members = Readonly<Record<string, Json>>;

/** `spec` with one feature of a kind put in. */
function withFeature(spec: Members, kind: string, feature: Json): Json {
  const features = (spec['features'] ?? {}) as Members;
  return { ...spec, features: { ...features, [kind]: { ...(features[kind] as Members), 'cpu.x': feature } } };
}

function inSpec(name: string, change: (spec: Members) => Json): Defect {
  return { name, code: 'object-malformed', apply: (scenario) => withSpec(scenario, change) };
}

const attribute =
  (value: Json): ((spec: Members) => Json) =>
  (spec) =>
    withFeature(spec, 'attributes', { elements: { a: value } });

/** Everything sealed and signed by the right key, and yet outside the schema of the payload. */
const schemaDefects: readonly Defect[] = [
  inSpec('spec is an array', () => []),
  inSpec('spec has an unknown field', (spec) => ({ ...spec, taints: {} })),
  inSpec('spec has an unknown field named __proto__', (spec) => withOwn(spec, '__proto__', {})),
  inSpec('features has an unknown kind', (spec) => ({ ...spec, features: { vectors: {} } })),
  inSpec('a feature has an unknown field', (spec) =>
    withFeature(spec, 'attributes', { elements: {}, kind: 'x' }),
  ),
  inSpec('a feature lacks elements', (spec) => withFeature(spec, 'attributes', {})),
  inSpec('a flag holds something', (spec) => withFeature(spec, 'flags', { elements: { a: { b: 'c' } } })),
  inSpec('a flag is a string', (spec) => withFeature(spec, 'flags', { elements: { a: '' } })),
  inSpec('an instance lacks attributes', (spec) => withFeature(spec, 'instances', { elements: [{}] })),
  inSpec('instances are an object', (spec) => withFeature(spec, 'instances', { elements: {} })),
  inSpec('an attribute is a number', attribute(1)),
  inSpec('an attribute is a boolean', attribute(true)),
  inSpec('an attribute is null', attribute(null)),
  inSpec('an attribute is an object', attribute({})),
  inSpec('an attribute is ill-formed Unicode', attribute('\ud800')),
  inSpec('a key is ill-formed Unicode', (spec) =>
    withFeature(spec, 'attributes', { elements: { '\udc00': 'a' } }),
  ),
  inSpec('a label is a number', (spec) => ({ ...spec, labels: { a: 1 } })),
  inSpec('labels are null', (spec) => ({ ...spec, labels: null })),
];

/** An own member, also where an assignment would set a prototype. */
function withOwn(members: Members, key: string, value: Json): Json {
  return Object.fromEntries([...Object.entries(members), [key, value]]);
}

/** Seals stay as they were; what they say does not count for such an object. */
function afterSealing(name: string, code: string, change: (object: AnyObject) => AnyObject): Defect {
  return { name, code, apply: (scenario) => withAfter(scenario, change) };
}

const padding = (length: number): string => 'x'.repeat(length);

export const objectDefects: readonly Defect[] = [
  ...schemaDefects,
  {
    name: 'a namespace that no entry names',
    code: 'namespace-not-in-policy',
    apply: (scenario) => withMetadata(scenario, (metadata) => ({ ...metadata, namespace: 'default' })),
  },
  afterSealing('another apiVersion', 'object-malformed', (object) => ({
    ...object,
    apiVersion: 'nfd.k8s-sigs.io/v1',
  })),
  afterSealing('another kind', 'object-malformed', (object) => ({ ...object, kind: 'NodeFeatureRule' })),
  afterSealing('no spec', 'object-malformed', ({ spec: _, ...object }) => object as AnyObject),
  {
    name: 'a covered annotation is a number',
    code: 'object-malformed',
    apply: (scenario) => withAnnotation(scenario, 7),
  },
  {
    name: 'a covered annotation is ill-formed Unicode',
    code: 'object-malformed',
    apply: (scenario) => withAnnotation(scenario, 'a\udfffb'),
  },
  {
    name: 'the text goes on after the object',
    code: 'object-malformed',
    apply: (scenario) => ({ ...scenario, text: [...scenario.text, (text) => `${text},{}`] }),
  },
  {
    name: 'more text than is read',
    code: 'object-too-large',
    isHuge: true,
    apply: (scenario) => withAfter(scenario, (object) => ({ ...object, status: padding(4 * 1024 * 1024) })),
  },
  {
    name: 'more payload than is signed',
    code: 'object-too-large',
    isHuge: true,
    apply: (scenario) =>
      withSpec(scenario, (spec) =>
        withFeature(spec, 'attributes', { elements: { a: padding(1536 * 1024) } }),
      ),
  },
];

function withAnnotation(scenario: Scenario, value: Json): Scenario {
  return withMetadata(scenario, ({ annotations, ...metadata }) => {
    const keys = Object.keys(annotations ?? {});
    return { ...metadata, annotations: Object.fromEntries(keys.map((key) => [key, value])) };
  });
}
