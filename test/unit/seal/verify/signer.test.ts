import { describe, expect, test } from '@jest/globals';
import { bundlesOf, issue, nodeFeature, rootCa, seal, vendorId, workerId } from '../../../support/sealing.ts';
import { policyFor, useVerifier } from '../verifier.ts';

const { ca, signedBy, verdict } = useVerifier();

describe('the policy', () => {
  test.each<[string, string]>([
    ['the worker of another node', workerId('node-b')],
    ['the worker of a node whose name begins alike', workerId('node-a1')],
    ['the worker of another cluster', workerId('node-a', 'other')],
    ['another workload of the node', vendorId()],
    ['an ID with a segment more', `${workerId()}/x`],
    ['an ID with a segment before', workerId().replace('/featureseal', '/x/featureseal')],
    ['an ID in capitals', workerId().replace('worker', 'Worker')],
    ['the template itself as far as an ID can be', workerId('node', 'cluster')],
  ])('refuses %s', async (_, spiffeId) => {
    expect(await signedBy(spiffeId)).toBe('signer-not-allowed');
  });

  test('refuses a federated signer that it does not name', async () => {
    const federated = await rootCa({ trustDomain: 'other.example' });
    const spiffeId = workerId().replace('example.org', 'other.example');
    const object = await seal(nodeFeature(), await issue(federated, { spiffeId }));
    expect(await verdict(object, { bundles: bundlesOf(ca(), federated) })).toBe('signer-not-allowed');
  });

  test('refuses a worker that signs for another node than its own', async () => {
    expect(await signedBy(workerId(), nodeFeature({ node: 'node-b' }))).toBe('signer-not-allowed');
    expect(await signedBy(workerId(), nodeFeature({ node: 'node-b', name: 'node-a' }))).toBe(
      'signer-not-allowed',
    );
  });

  test('refuses an object that is not named after its node', async () => {
    expect(await signedBy(workerId(), nodeFeature({ name: 'zzz' }))).toBe('name-mismatch');
  });

  test('refuses a header that names the cluster of a signer whose ID names another', async () => {
    const object = await seal(nodeFeature(), await issue(ca(), { spiffeId: workerId('node-a', 'other') }), {
      cluster: 'other',
    });
    expect(await verdict(object)).toBe('cluster-mismatch');
  });

  test('an entry for any node or cluster frees the ID alone: names and header are checked as ever', async () => {
    const free = policyFor('spiffe://example.org/central', 'anyNode: true\n    anyCluster: true');
    const id = 'spiffe://example.org/central';
    expect(await signedBy(id, nodeFeature({ node: 'node-b' }), free)).toBe('accepted');
    expect(await signedBy(id, nodeFeature({ name: 'other' }), free)).toBe('name-mismatch');
    const elsewhere = await seal(nodeFeature(), await issue(ca(), { spiffeId: id }), { cluster: 'other' });
    expect(await verdict(elsewhere, { policy: free })).toBe('cluster-mismatch');
  });
});
