// The story of a site whose link is cut for longer than an SVID lives, and comes back. Runs in a network of its own, the
// cloud's, and tells each scene to who started it; ends with it, too. Nobody at the site or in the cloud does anything.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlPlane } from '../control-plane.ts';
import { carries } from '../installation.ts';
import { foundLabels } from '../scenario.ts';
import { Link } from './link.ts';
import type { Scene, Told } from './scenes.ts';
import { installShipped } from './shipped.ts';
import { Site } from './site.ts';

const limitMs = 8 * 60_000;

async function* scenesAt(site: Site, link: Link): AsyncGenerator<Scene> {
  await site.start(link);
  yield await site.scene('linked');

  const worker = site.worker('site');
  const cutAt = worker.mark;
  await link.cut();
  const meanwhile = await site.finds('site', 'meanwhile');
  await worker.says(({ code }) => code === 'store-unavailable', cutAt, limitMs);
  yield await site.scene('cut');

  await site.until(({ stale }) => stale === 1);
  yield await site.scene('stale');

  await site.untilSvidHasEnded();
  yield await site.scene('ended');

  await site.master.kill();
  await site.master.start();
  // What comes of the cloud's node comes after all that the new master has judged at first.
  const afterRestart = await site.finds('cloud', 'after-restart');
  await site.until(({ labels, stale }) => carries(labels.cloud, afterRestart) && stale === 1);
  yield await site.scene('restarted');

  await site.worker('cloud').stop();
  await site.deleteObject('cloud');
  await site.until(({ labels }) => Object.keys(foundLabels).every((key) => !(key in labels.cloud)));
  yield await site.scene('lost');

  await worker.says(({ message }) => message === 'there is no SVID to sign with; waiting', cutAt, limitMs);
  yield await site.scene('waiting');

  await link.restore();
  await site.until(({ labels, stale }) => carries(labels.site, meanwhile) && stale === 0);
  yield await site.scene('back');
}

async function tellAll(site: Site, link: Link): Promise<void> {
  for await (const scene of scenesAt(site, link)) tell({ scene });
}

function tell(told: Told): void {
  if (process.connected) process.send?.(told);
}

async function late(): Promise<never> {
  await sleep(limitMs);
  throw new Error('that took too long; is this machine very busy?');
}

const alone = once(process, 'disconnect');
const link = await Link.create();
const plane = await ControlPlane.start(process.env['FEATURESEAL_CLUSTER_BIN'] ?? '', link.cloudAddress);
const site = new Site(plane);
try {
  await installShipped(plane.admin);
  await Promise.race([tellAll(site, link), site.ended, late(), alone]);
} catch (thrown) {
  tell({ failure: `${thrown instanceof Error ? thrown.message : String(thrown)}\n${site.lastLines()}` });
} finally {
  await plane.close();
  link.close();
}
// What waited for something that did not come would wait for ever.
process.exit();
