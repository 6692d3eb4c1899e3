// What scripts/edge-demo shows, and with -o json prints: a site whose link is cut for longer than an SVID lives.
import { styleText } from 'node:util';
import { networkObstacle } from './own-network.ts';
import { StartedStory } from './started-story.ts';
import { sceneNames, type Labels, type Scene, type SceneName } from './scenes.ts';

/** What one waits for, for people who watch; and what has been seen. */
const texts: Readonly<Record<SceneName, readonly [waiting: string, seen: string]>> = {
  linked: [
    'starting API server, authority, master, and a node on each side of a link',
    'One node is in the cloud, with API server, authority and master; the other is at the site. SVIDs live 60 s.',
  ],
  cut: [
    'cutting the link',
    'The link is cut. The worker at the site has found something new, and cannot say it. Labels stay:',
  ],
  stale: [
    'waiting until the seal is older than maxAge, 40 s here',
    'The SVID of the last seal is beyond half of its life, and there is no new one: the node is shown as stale. Its labels stay:',
  ],
  ended: ['waiting until that SVID has ended', 'The SVID of the last seal has ended. Labels stay:'],
  restarted: [
    'killing the master',
    'The master was killed, and another has read everything anew. It keeps what the first one had accepted, shown as stale:',
  ],
  lost: [
    "deleting the object of the cloud's node",
    "In the cloud a worker was stopped and its object deleted. That is lost, and that alone; the site's labels stay:",
  ],
  waiting: [
    'waiting until the worker says that it has no identity',
    'The worker at the site says that it has no SVID: it seals nothing, and waits. Labels stay:',
  ],
  back: [
    'restoring the link',
    'The link is back, and nobody did anything else: a new SVID, a new seal, and what was found meanwhile; stale no more:',
  ],
};

const startedAt = Date.now();
const isJson = process.argv[2] === 'json';

function show(scene: Scene): void {
  if (isJson) return void process.stdout.write(`${JSON.stringify(scene)}\n`);
  const seconds = String(Math.round((Date.now() - startedAt) / 1000)).padStart(4);
  process.stdout.write(`${styleText('dim', `${seconds} s`)}  ${texts[scene.name][1]}\n`);
  for (const place of ['site', 'cloud'] as const)
    process.stdout.write(`          ${place.padEnd(6)} ${labelText(scene.labels[place])}\n`);
}

function labelText(labels: Labels): string {
  const text = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return text.length === 0 ? 'no labels' : text.join('\n                 ');
}

/** For people only; a program that reads the output sees nothing of it. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${styleText('dim', `        ${text} ...`)}\n`);
}

const obstacle = networkObstacle();
if (obstacle !== undefined) {
  process.stderr.write(
    `edge-demo: this machine gives no network of its own, root may get one: ${obstacle}\n`,
  );
  process.exit(1);
}
const story = new StartedStory(process.env['FEATURESEAL_CLUSTER_BIN'] ?? '');
const stopped = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
});
try {
  for (const name of sceneNames) {
    progress(texts[name][0]);
    show(await Promise.race([story.scene(name), stopped]));
  }
} catch (thrown) {
  process.stderr.write(`edge-demo: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = 1;
} finally {
  await story.close();
}
