// What scripts/edge-demo shows: a site whose link is cut for longer than an SVID lives, and comes back.
import { styleText } from 'node:util';
import { foundLabels } from '../scenario.ts';
import { node, Site } from './site.ts';

const limitMs = 8 * 60_000;
const startedAt = Date.now();

/** Only what has been seen is said, and when. */
function say(text: string): void {
  const seconds = String(Math.round((Date.now() - startedAt) / 1000)).padStart(4);
  process.stdout.write(`${styleText('dim', `${seconds} s`)}  ${text}\n`);
}

async function showLabels(site: Site): Promise<void> {
  for (const [key, value] of Object.entries(await site.labels())) say(`          ${key}=${value}`);
}

async function show(site: Site): Promise<void> {
  say(`${node} is at the site, API server, authority and master are in the cloud. SVIDs live 60 s. Labels:`);
  await showLabels(site);

  await site.link.cut();
  const cutAt = site.worker.mark;
  say('The link is cut. The worker finds something new, and in the cloud the object of a vendor is deleted.');
  await site.finds('meanwhile');
  await site.deleteVendorObject();
  say('Lost is what was deleted, and that alone:');
  await showLabels(site);

  await site.untilWithoutIdentity(cutAt);
  say('The SVID has ended: the worker seals nothing, and waits.');
  await site.untilStale(1);
  say('The seal is older than maxAge (75 s here): the node is shown as stale. Its labels stay:');
  await showLabels(site);

  await site.link.restore();
  say('The link is back. Nobody does anything.');
  await site.world.nodeCarries(node, { ...foundLabels, 'feature.node.kubernetes.io/test-meanwhile': 'yes' });
  await site.untilStale(0);
  say('A new SVID, a new seal, and what the worker found meanwhile; stale no more:');
  await showLabels(site);
}

process.stdout.write('Starting API server, authority, master and a worker behind a link ...\n');
const site = await Site.start(process.env['FEATURESEAL_CLUSTER_BIN'] ?? '');
const stopped = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
  setTimeout(() => reject(new Error('that took too long; is this machine very busy?')), limitMs).unref();
});
try {
  await Promise.race([show(site), stopped]);
} catch (thrown) {
  process.stderr.write(`edge-demo: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = 1;
} finally {
  await site.close();
}
// What waited for something that did not come would wait for ever.
process.exit();
