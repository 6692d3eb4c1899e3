// Discovers below a host root at each line of standard input, as a user without privileges: nothing is unreadable for root.
import { createInterface } from 'node:readline';
import { discoverHost } from './hosts.ts';

const nobody = 65_534;
const [, , hostRoot = ''] = process.argv;
// Loads all that a discovery needs, for as long as this program may read its own files.
await discoverHost(hostRoot);
if (process.getuid?.() === 0) {
  process.setgroups?.([]);
  process.setgid?.(nobody);
  process.setuid?.(nobody);
}
for await (const _line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await discoverHost(hostRoot))}\n`);
}
