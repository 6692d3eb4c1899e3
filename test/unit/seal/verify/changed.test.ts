import { describe, expect, test } from '@jest/globals';
import type { ReasonCode } from '../../../../src/error-codes.ts';
import type { NodeFeature } from '../../../../src/feature/node-feature.ts';
import {
  changed,
  nodeFeature,
  nodeNameKey,
  noon,
  seal,
  sealKey,
  type Loose,
} from '../../../support/sealing.ts';
import { useVerifier } from '../verifier.ts';

const { sealed, svid, verdict } = useVerifier(nodeFeature({ annotations: { a: '1' } }));

/** One change to a good sealed object, and the code of the step that must see it: no other rule is broken. */
const edits: [ReasonCode, string, (copy: Loose) => void][] = [
  [
    'namespace-not-in-policy',
    'a namespace without entry',
    ({ metadata }) => (metadata.namespace = 'default'),
  ],
  ['object-malformed', 'a number in the spec', ({ spec }) => (spec.labels['n'] = 1)],
  ['object-malformed', 'an unknown field in the spec', ({ spec }) => (spec['x'] = {})],
  ['object-malformed', 'another kind', (copy) => (copy.kind = 'Node')],
  [
    'object-malformed',
    'a covered annotation that is a number',
    ({ metadata }) => (metadata.annotations['a'] = 1),
  ],
  ['seal-missing', 'no seal', ({ metadata }) => Reflect.deleteProperty(metadata.annotations, sealKey)],
  ['seal-missing', 'an empty seal', ({ metadata }) => (metadata.annotations[sealKey] = '')],
  [
    'seal-malformed',
    'a seal that is no text',
    ({ metadata }) => (metadata.annotations[sealKey] = { a: 'b' }),
  ],
  ['covered-keys', 'a covered annotation that is gone', ({ metadata }) => delete metadata.annotations['a']],
  [
    'covered-keys',
    'the node name gone',
    ({ metadata }) => Reflect.deleteProperty(metadata.labels, nodeNameKey),
  ],
  [
    'node-name-invalid',
    'a node name in capitals',
    ({ metadata }) => (metadata.labels[nodeNameKey] = 'Node-A'),
  ],
  [
    'node-name-invalid',
    'a node name of two segments',
    ({ metadata }) => (metadata.labels[nodeNameKey] = 'a/node-a'),
  ],
  ['node-name-invalid', 'a node name ..', ({ metadata }) => (metadata.labels[nodeNameKey] = '..')],
  [
    'node-name-invalid',
    'a placeholder as node name',
    ({ metadata }) => (metadata.labels[nodeNameKey] = '{node}'),
  ],
  [
    'node-name-invalid',
    'a node name of 64 characters',
    ({ metadata }) => (metadata.labels[nodeNameKey] = 'n'.repeat(64)),
  ],
  [
    'node-name-invalid',
    'a line feed after the node name',
    ({ metadata }) => (metadata.labels[nodeNameKey] = 'node-a\n'),
  ],
  [
    'signature-invalid',
    'an edited label',
    ({ spec }) => (spec.labels['feature.node.kubernetes.io/gpu'] = 'true'),
  ],
  ['signature-invalid', 'a label removed', ({ spec }) => (spec.labels = {})],
  ['signature-invalid', 'an edited feature', ({ spec }) => (spec.features = {})],
  ['signature-invalid', 'another name', ({ metadata }) => (metadata.name = 'node-b')],
  [
    'signature-invalid',
    'a copy in another namespace of the policy',
    ({ metadata }) => (metadata.namespace = 'vendor'),
  ],
  ['signature-invalid', 'another node', ({ metadata }) => (metadata.labels[nodeNameKey] = 'node-b')],
  ['signature-invalid', 'an edited covered annotation', ({ metadata }) => (metadata.annotations['a'] = '2')],
  ['signature-invalid', 'text in another normal form', ({ metadata }) => (metadata.annotations['a'] = '１')],
];

describe('an object that was changed after sealing', () => {
  test.each(edits)('is refused with %s: %s', async (code, _, edit) => {
    expect(await verdict(changed(sealed(), edit))).toBe(code);
  });

  test('is refused as too large whatever its seal says', async () => {
    const labels = { 'vendor.example/x': 'x'.repeat(1536 * 1024) };
    expect(await verdict(changed(sealed(), ({ spec }) => (spec.labels = labels)))).toBe('object-too-large');
    expect(await verdict(' '.repeat(4 * 1024 * 1024) + JSON.stringify(sealed()))).toBe('object-too-large');
  });

  test('a seal of another object, of another time, or a signature of another header is refused', async () => {
    const other = await seal(nodeFeature({ labels: {} }), svid());
    const later = await seal(nodeFeature({ annotations: { a: '1' } }), svid(), { at: noon + 1 });
    const annotation = (object: NodeFeature): string => object.metadata.annotations?.[sealKey] ?? '';
    const withSeal = (text: string) =>
      changed(sealed(), ({ metadata }) => (metadata.annotations[sealKey] = text));
    expect(
      await verdict(changed(other, ({ metadata }) => (metadata.annotations[sealKey] = annotation(later)))),
    ).toBe('covered-keys');
    const [head] = annotation(later).split('..');
    const [, tail] = annotation(sealed()).split('..');
    expect(await verdict(withSeal(annotation(later)))).toBe('accepted');
    expect(await verdict(withSeal(`${head}..${tail}`))).toBe('signature-invalid');
  });
});
