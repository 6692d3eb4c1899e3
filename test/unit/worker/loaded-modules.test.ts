import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const main = join(import.meta.dirname, '../../../src/worker/main.ts');

/** What a fresh process has loaded once the worker's modules are: those of Node, and the files. */
function loadedBy(module: string): string {
  const script = `
    const loaded = [];
    require('node:module').registerHooks({
      load: (url, context, next) => (loaded.push(url), next(url, context)),
    });
    import(${JSON.stringify(module)}).then(() => console.log([...loaded, ...process.moduleLoadList].join('\\n')));`;
  const args = ['--conditions=featureseal-source', '--input-type=commonjs', '-e', script];
  return execFileSync(process.execPath, args, { encoding: 'utf8' });
}

test('a worker loads no client of HTTP that it does not use', () => {
  const loaded = loadedBy(main);
  expect(loaded).toContain('@grpc/grpc-js');
  // The library of kubeconfig files is for who has one; undici comes with it, or with the WebSocket of node:http.
  expect(loaded).not.toMatch(/@kubernetes\/client-node|undici|@peculiar/);
});
