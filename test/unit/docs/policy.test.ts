import { describe, expect, test } from '@jest/globals';
import { authorize } from '../../../src/seal/authorize.ts';
import { entryFor, modes, parsePolicy } from '../../../src/seal/policy.ts';
import { reasonOf } from '../../support/reason.ts';
import { blocks, readDocument, tableRows } from './page.ts';

const page = readDocument('policy.md');
const [first, secondCluster, ownDomain, vendor, controller, local, migration, ...others] = blocks(
  page,
  'yaml',
).map((text) => parsePolicy(text));

/** An entry that says nothing of nodes and clusters. */
const whoever = {
  name: 'any',
  spiffeIDs: ['spiffe://example.org/any'],
  namespace: 'any',
  anyNode: true,
  anyCluster: true,
};

/** What the example says of this claim. */
function judge(
  policy: typeof first,
  claim: { namespace: string; spiffeId: string; feature?: string; label?: string },
): ReturnType<typeof reasonOf> {
  const { namespace, spiffeId, feature, label } = claim;
  const attributes = feature === undefined ? {} : { [feature]: { elements: {} } };
  const spec = { features: { attributes }, labels: label === undefined ? {} : { [label]: 'x' } };
  const entry = entryFor(policy!, namespace)!;
  return reasonOf(() => authorize({ spiffeId, node: 'node-a', name: 'node-a', spec }, entry, policy!));
}

describe('examples of docs/policy.md', () => {
  test('are all known to this test', () => {
    expect(others).toEqual([]);
    expect(migration).toBeDefined();
  });

  test('the first one shows the defaults', () => {
    expect(first?.mode).toBe('enforce');
    expect(first?.signers.map(({ namespace }) => namespace)).toEqual(['featureseal']);
  });

  test.each([
    ['worker/berlin/node-a', 'accepted'],
    ['worker/paris/node-a', 'signer-not-allowed'],
    ['worker/berlin/node-b', 'signer-not-allowed'],
  ] as const)('in a second cluster, %s is %s', async (path, expected) => {
    const spiffeId = `spiffe://example.org/featureseal/${path}`;
    expect(await judge(secondCluster, { namespace: 'featureseal', spiffeId })).toBe(expected);
  });

  test('a trust domain of its own needs no cluster in the ID', async () => {
    const spiffeId = 'spiffe://berlin.example.org/featureseal/worker/node-a';
    expect(await judge(ownDomain, { namespace: 'featureseal', spiffeId })).toBe('accepted');
  });

  test.each([
    [{ feature: 'gpu.device', label: 'gpu.example.com/model' }, 'accepted'],
    [{ feature: 'cpu.cpuid' }, 'feature-not-granted'],
    [{ label: 'model' }, 'label-not-granted'],
  ] as const)('a vendor that signs its own labels: %j is %s', async (said, expected) => {
    const spiffeId = 'spiffe://example.org/gpu-agent/demo/node-a';
    expect(await judge(vendor, { namespace: 'gpu-agent', spiffeId, ...said })).toBe(expected);
  });

  test('a controller for all nodes is held to its one label', async () => {
    const claim = { namespace: 'licences', spiffeId: 'spiffe://vendor.example/licence-controller/demo' };
    expect(await judge(controller, { ...claim, label: 'vendor.example/licence' })).toBe('accepted');
    expect(await judge(controller, { ...claim, label: 'vendor.example/other' })).toBe('label-not-granted');
  });

  test('what cannot sign takes the local source', async () => {
    const claim = {
      namespace: 'featureseal',
      spiffeId: 'spiffe://example.org/featureseal/worker/demo/node-a',
    };
    expect(await judge(local, { ...claim, feature: 'local.feature', label: 'vendor.example/x' })).toBe(
      'accepted',
    );
    expect(await judge(local, { ...claim, feature: 'usb.device' })).toBe('feature-not-granted');
  });

  test('a migration accepts both IDs', async () => {
    for (const path of ['featureseal/worker/demo/node-a', 'ns/demo/sa/featureseal-worker/node/node-a']) {
      const spiffeId = `spiffe://example.org/${path}`;
      expect(await judge(migration, { namespace: 'featureseal', spiffeId })).toBe('accepted');
    }
  });
});

describe('the table of grants in docs/policy.md', () => {
  const named = (cell = ''): string[] => [...cell.matchAll(/`"?([^`"]+)"?`/g)].map(([, name]) => name!);
  const rows = tableRows(page, '| pattern |').flatMap(([pattern, grants, doesNot]) => [
    ...named(grants).map((name) => [named(pattern)[0]!, name, true] as const),
    ...named(doesNot).map((name) => [named(pattern)[0]!, name, false] as const),
  ]);

  test.each(rows)('%s and %s: %s', (pattern, name, expected) => {
    const ofLabels = pattern.includes('/');
    const spec = ofLabels
      ? { labels: { [name]: 'x' } }
      : { features: { flags: { [name]: { elements: {} } } } };
    const policy = parsePolicy({
      cluster: 'demo',
      signers: [{ ...whoever, [ofLabels ? 'labels' : 'features']: [pattern] }],
    });
    const claim = { spiffeId: whoever.spiffeIDs[0]!, node: 'node-a', name: 'node-a', spec };
    const judged = (): void => authorize(claim, entryFor(policy, whoever.namespace)!, policy);
    if (expected) expect(judged).not.toThrow();
    else expect(judged).toThrow('not-granted');
  });

  test.each(['fpga-*', 'a.b.*'])('%s is no pattern', (pattern) => {
    expect(page).toContain(`\`"${pattern}"\``);
    for (const grants of [{ features: [pattern] }, { labels: [pattern] }])
      expect(() => parsePolicy({ cluster: 'demo', signers: [{ ...whoever, ...grants }] })).toThrow(
        '[policy-invalid]',
      );
  });
});

test('docs/policy.md names every mode', () => {
  const rows = tableRows(page, '| mode |').map(([mode]) => mode?.replaceAll('`', ''));
  expect(rows).toEqual([...modes]);
});
