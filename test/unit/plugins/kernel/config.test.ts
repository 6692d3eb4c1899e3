import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import createKernel from '../../../../plugins/kernel/index.ts';
import { discoverWith } from '../../../../src/plugin/plugin-test.ts';

let host: string;
let kernel: ReturnType<typeof createKernel>;

beforeEach(async () => {
  host = await mkdtemp(join(tmpdir(), 'featureseal-host-'));
  kernel = createKernel({ kconfigFile: '/config.gz', configOpts: ['A'] });
});
afterEach(() => rm(host, { recursive: true }));

const put = (text: string) => writeFile(join(host, 'config.gz'), gzipSync(text));
async function discover() {
  const { features, labels, log } = await discoverWith(kernel, { host });
  const warnings = log
    .map(({ fields }) => String(fields['reason']))
    .filter((each) => each.includes('config'));
  return { options: features.attributes['kernel.config']?.elements, labels, warnings };
}

describe('the configuration of a kernel, discovered again and again', () => {
  test('is the same as long as its file is', async () => {
    await put('CONFIG_B=m\nCONFIG_A="x"\n');
    const first = await discover();
    expect(first).toEqual({
      options: { A: 'x', B: 'm' },
      labels: { 'feature.node.kubernetes.io/kernel-config.A': 'x' },
      warnings: [],
    });
    expect(await discover()).toEqual(first);
  });

  test('is another where its file is another, of the same length too', async () => {
    await put('CONFIG_A=y\n');
    await discover();
    await put('CONFIG_A=n\n');
    expect(await discover()).toMatchObject({
      options: { A: 'n' },
      labels: { 'feature.node.kubernetes.io/kernel-config.A': 'n' },
    });
  });

  test('is lost where its file is spoilt, said each time, and back with it', async () => {
    await put('CONFIG_A=y\n');
    await discover();
    await writeFile(join(host, 'config.gz'), 'no gzip');
    for (const _turn of [1, 2]) {
      expect(await discover()).toEqual({
        options: undefined,
        labels: {},
        warnings: [expect.stringContaining('/config.gz: cannot be unpacked')],
      });
    }
    await put('CONFIG_A=y\n');
    expect((await discover()).options).toEqual({ A: 'y' });
  });
});
