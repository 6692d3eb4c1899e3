// A site whose link to the cloud is cut, for longer than an SVID lives, and comes back: nobody at the site or in the cloud
// does anything about it. What is published stays; what is stale is told from what is lost.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { carries } from '../../cluster/installation.ts';
import type { NodeHistory } from '../../cluster/node-history.ts';
import { foundLabels } from '../../cluster/scenario.ts';
import { node, Site, vendorLabel } from '../../cluster/site/site.ts';
import { describeAtSite } from '../../cluster/site/suite.ts';

const longMs = 240_000;

describeAtSite('a site whose link is cut', () => {
  let site: Site;
  let history: NodeHistory;
  /** Where the worker's log was then. */
  let cutAt = 0;

  beforeAll(async () => {
    site = await Site.start(process.env['FEATURESEAL_CLUSTER_BIN'] ?? '');
    history = site.world.history(node);
  }, longMs);
  afterAll(() => site.close(), longMs);

  test(
    'keeps its labels; the worker finds something else, and cannot say it',
    async () => {
      await site.link.cut();
      cutAt = site.worker.mark;
      await site.finds('meanwhile');
      await site.worker.says(({ code }) => code === 'store-unavailable', cutAt);
      expect(carries(await site.labels(), { ...foundLabels, [vendorLabel]: 'fast' })).toBe(true);
    },
    longMs,
  );

  test(
    'loses what is deleted, and that alone',
    async () => {
      await site.deleteVendorObject();
      expect(carries(await site.labels(), foundLabels)).toBe(true);
    },
    longMs,
  );

  test(
    'has no identity any more when its SVID has ended, is shown as stale, and keeps its labels',
    async () => {
      await site.untilWithoutIdentity(cutAt);
      await site.untilStale(1);
      expect(carries(await site.labels(), foundLabels)).toBe(true);
    },
    longMs,
  );

  test(
    'seals again when the link is back, by itself, and is not stale any more',
    async () => {
      await site.link.restore();
      const meanwhile = { 'feature.node.kubernetes.io/test-meanwhile': 'yes' };
      const labelled = await site.world.nodeCarries(node, { ...foundLabels, ...meanwhile });
      await site.untilStale(0);

      await history.reaches(labelled.metadata.resourceVersion);
      await history.close();
      expect(history.labels.filter((each) => !carries(each, foundLabels))).toEqual([]);
    },
    longMs,
  );
});
