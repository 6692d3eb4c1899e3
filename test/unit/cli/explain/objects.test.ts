import { describe, expect, test } from '@jest/globals';
import { changed, day, minute, nodeFeature, noon, seal, workerId } from '../../../support/sealing.ts';
import { avx2, key, useExplained } from './explained.ts';

const { bundle, cluster, explained, putNode, putObject, sealed, svid } = useExplained();

describe('featureseal explain', () => {
  test('tells of a label: object, plugin; of its object: verdict, signer, time, age', async () => {
    putNode();
    putObject(sealed());
    const { labels, objects, missing } = await explained();
    expect(labels).toEqual([{ key: avx2, value: 'true', source: 'object', objects: [key], plugin: 'cpu' }]);
    expect(objects).toEqual([
      {
        object: key,
        verdict: 'accepted',
        code: null,
        message: null,
        counts: true,
        signer: workerId(),
        signed: '2026-06-01T11:55:00.000Z',
        ageSeconds: 300,
        stale: false,
        accepted: { signer: workerId(), signed: '2026-06-01T11:55:00.000Z', same: true },
      },
    ]);
    expect(missing).toEqual([]);
  });

  test('an object that was edited is refused with its code; what was accepted before is in use', async () => {
    putNode();
    putObject(changed(sealed(), ({ spec }) => (spec.labels = { [avx2]: 'false' })));
    const { labels, objects } = await explained();
    expect(objects).toMatchObject([
      {
        verdict: 'refused',
        code: 'signature-invalid',
        counts: false,
        accepted: { signer: workerId(), same: false },
      },
    ]);
    expect(labels).toMatchObject([{ key: avx2, source: 'accepted', objects: [key] }]);
  });

  test('an object that is gone is known by the mark', async () => {
    putNode();
    const { labels, objects } = await explained();
    expect(objects).toMatchObject([{ object: key, verdict: 'missing', accepted: { signer: workerId() } }]);
    expect(labels).toMatchObject([{ key: avx2, source: 'accepted', objects: [key] }]);
  });

  test('an object in a namespace of nobody is refused and gives nothing', async () => {
    putNode();
    putObject(sealed());
    putObject(changed(sealed(), ({ metadata }) => (metadata.namespace = 'elsewhere')));
    const { objects } = await explained();
    expect(objects).toMatchObject([
      { object: 'elsewhere/node-a', verdict: 'refused', code: 'namespace-not-in-policy', accepted: null },
      { object: key, verdict: 'accepted' },
    ]);
  });

  test('an object of another name that speaks of the node is found and refused', async () => {
    putNode();
    putObject(await seal(nodeFeature({ name: 'other' }), svid()));
    const { objects } = await explained();
    expect(objects).toMatchObject([
      { object: 'featureseal/other', verdict: 'refused', code: 'name-mismatch' },
      { object: key, verdict: 'missing' },
    ]);
  });

  test('a seal beyond maxAge is stale, and accepted by the mark though its leaf has expired', async () => {
    putNode();
    putObject(sealed());
    const { objects } = await explained(bundle(), noon + 2 * day);
    expect(objects).toMatchObject([{ verdict: 'accepted', stale: true }]);
  });

  test('what stays in use of a refused object gets stale, whatever the object claims', async () => {
    putNode();
    const newer = await seal(nodeFeature(), svid(), { at: noon });
    putObject(changed(newer, ({ spec }) => (spec.labels = {})));
    const { objects } = await explained(bundle(), noon - 4 * minute + day);
    expect(objects).toMatchObject([{ verdict: 'refused', stale: true, signed: '2026-06-01T12:00:00.000Z' }]);
  });

  describe('without a trust bundle', () => {
    const note = 'no trust bundle is given (--socket or --bundle): seals are not verified';

    test('knows what the mark knows: this very content was accepted', async () => {
      putNode();
      putObject(sealed());
      const { labels, objects, notes } = await explained([]);
      expect(notes).toEqual([note]);
      expect(objects).toMatchObject([{ verdict: 'unverified', counts: true, accepted: { same: true } }]);
      expect(labels).toMatchObject([{ key: avx2, source: 'object', objects: [key] }]);
    });

    test('believes nothing else', async () => {
      putNode();
      putObject(changed(sealed(), ({ spec }) => (spec.labels = { [avx2]: 'false' })));
      const { labels, objects } = await explained([]);
      expect(objects).toMatchObject([{ verdict: 'unverified', counts: false, accepted: { same: false } }]);
      expect(labels).toMatchObject([{ source: 'accepted' }]);
    });

    test('still refuses what needs no bundle to be refused', async () => {
      putNode();
      putObject(nodeFeature());
      expect((await explained([])).objects).toMatchObject([{ verdict: 'refused', code: 'seal-missing' }]);
    });

    test('a socket that is not there is noted', async () => {
      putNode();
      const { notes } = await explained(['--socket', `unix://${cluster().path('none.sock')}`]);
      expect(notes).toEqual([expect.stringContaining('[workload-api-unavailable]')]);
    });
  });
});
