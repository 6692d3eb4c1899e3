// A site whose link to the cloud is cut, for longer than an SVID lives, and comes back: nobody at the site or in the cloud
// does anything about it. What is published stays; what is stale is told from what is lost.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { foundLabels } from '../../cluster/scenario.ts';
import { describeAtSite } from '../../cluster/site/suite.ts';
import type { Scene, SceneName } from '../../cluster/site/scenes.ts';
import { StartedStory } from '../../cluster/site/started-story.ts';

const longMs = 240_000;
const meanwhile = 'feature.node.kubernetes.io/test-meanwhile';

describeAtSite('a site whose link is cut', () => {
  let story: StartedStory;
  let linked: Scene;

  beforeAll(async () => {
    story = new StartedStory(process.env['FEATURESEAL_CLUSTER_BIN'] ?? '');
    linked = await story.scene('linked');
  }, longMs);
  afterAll(() => story.close(), longMs);

  /** What all scenes without a link have in common: nothing comes, and nothing goes, not for a moment either. */
  async function offline(name: SceneName): Promise<Scene> {
    const scene = await story.scene(name);
    expect(scene.labels.site).toEqual(linked.labels.site);
    expect(scene.unlabelled).toBe(0);
    expect(scene.seal.iat).toBe((await story.scene('cut')).seal.iat);
    return scene;
  }

  test('has its labels while there is a link, by a seal of its own', () => {
    expect(linked).toMatchObject({
      labels: { site: foundLabels, cloud: foundLabels },
      stale: 0,
      seal: { signer: 'spiffe://example.org/featureseal/worker/test/node-site' },
    });
  });

  test(
    'keeps its labels; the worker finds something else, and cannot say it',
    async () => {
      expect((await offline('cut')).labels.site).not.toHaveProperty([meanwhile]);
    },
    longMs,
  );

  test(
    'is shown as stale beyond half the life of its SVID, and no other node is',
    async () => {
      const { stale, seal } = await offline('stale');
      expect(seal.svidLife).toBeGreaterThan(0.5);
      expect(stale).toBe(1);
    },
    longMs,
  );

  test(
    'keeps them when its SVID has ended',
    async () => {
      const { stale, seal } = await offline('ended');
      expect(seal.svidLife).toBeGreaterThan(1);
      expect(stale).toBe(1);
    },
    longMs,
  );

  test(
    'keeps them with a master that starts then, and shows it as stale',
    async () => {
      expect((await offline('restarted')).stale).toBe(1);
    },
    longMs,
  );

  test(
    'keeps them while a node loses its own, whose object was deleted',
    async () => {
      const { labels, stale } = await offline('lost');
      for (const key of Object.keys(foundLabels)) expect(labels.cloud).not.toHaveProperty([key]);
      expect(stale).toBe(1);
    },
    longMs,
  );

  test(
    'has a worker without an identity then, which says so, seals nothing and waits',
    async () => {
      await offline('waiting');
    },
    longMs,
  );

  test(
    'seals again when the link is back, by itself, with what was found meanwhile',
    async () => {
      const cut = await story.scene('cut');
      const { labels, stale, seal, unlabelled } = await story.scene('back');
      expect(labels.site).toEqual({ ...linked.labels.site, [meanwhile]: 'yes' });
      expect(stale).toBe(0);
      expect(unlabelled).toBe(0);
      expect(seal.iat).toBeGreaterThan(cut.seal.iat);
      expect(seal.svidLife).toBeLessThan(1);
      expect(seal.signer).toBe(linked.seal.signer);
    },
    longMs,
  );
});
