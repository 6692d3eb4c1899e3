// A node that stays until it is told to stop, for `start`, `stop` and `enter`: main.ts BIN STATE-FILE
import { rename, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { RealNode } from './real-node.ts';

const [bin = '', stateFile = ''] = process.argv.slice(2);
const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);

const node = await RealNode.start(bin);
const state = [process.pid, node.folder, node.kubeconfig, node.entrance.join(' ')].join('\n');
await writeFile(`${stateFile}.new`, `${state}\n`);
await rename(`${stateFile}.new`, stateFile);
await stopped;
await node.close();
await rm(stateFile, { force: true });
