// scripts/minikube-quickstart as a person runs it, on a cluster that is there (--context). What it says to minikube is in
// test/deploy/minikube-quickstart.test.ts.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { describeOnNode, repository, useNode } from './use-node.ts';

const workload = 'spiffe://example.org/example-workload/demo/node-a';

// A whole installation comes and goes; on a busy machine that takes its time.
jest.setTimeout(600_000);

describeOnNode('minikube-quickstart on a cluster that is there', () => {
  const { node, beside, expectNothingLeft } = useNode();

  /** All that it says, to a program and not to a person. @throws with that where it fails */
  async function quickstart(...args: readonly string[]): Promise<string> {
    const script = [join(repository, 'scripts/minikube-quickstart'), '--context', 'test', ...args];
    const command = ['bash', '-c', 'exec "$@" 2>&1', 'bash', ...script, '--kubeconfig', node().kubeconfig];
    return beside(command, { QUICKSTART_PATIENCE: '500' });
  }

  test('shows an identity, labels, and an edit that is refused and put back', async () => {
    const said = await quickstart('--identity', 'development');
    expect(said).toContain(workload);
    expect(said).toMatch(/node-a has \d+ labels, each from a seal that was verified/);
    expect(said).toContain('feature.node.kubernetes.io/kernel-version.full=');
    expect(said).toContain('refused: [signature-invalid]');
    expect(said).toContain('put back by its worker; node-a never had the label');
    expect(said).not.toContain('waiting for');
    expect(said).not.toContain('\u001b');
  });

  test('may run again, with the identity that it finds', async () => {
    expect(await quickstart()).toContain('put back by its worker');
  });

  test('does not put a second identity beside the first', async () => {
    await expect(quickstart('--identity', 'spire')).rejects.toThrow(
      /identity development is installed here: first .*minikube-quickstart --down --context test/,
    );
  });

  test('refuses a file of images that changes none', async () => {
    const file = join(node().folder, 'images.yaml');
    await writeFile(file, 'images: [{ name: no-such-image, newTag: other }]\n');
    await expect(quickstart('--images', file)).rejects.toThrow(
      /changes no image; the names are: localhost\/featureseal:dev/,
    );
  });

  test('leaves room for a third party, whose labels arrive beside those of the worker', async () => {
    // kustomize reads below one folder, and knows no absolute paths.
    await mkdir(join(repository, '.cache'), { recursive: true });
    const folder = await mkdtemp(join(repository, '.cache/third-party-'));
    const deploy = '../../deploy';
    const kustomization = {
      resources: [`${deploy}/overlays/development`, `${deploy}/example-workload`],
      components: [
        'example-workload/development-identity',
        'example-third-party',
        'example-third-party/development-identity',
      ].map((each) => `${deploy}/${each}`),
    };
    await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    try {
      await node().kubectl.run('apply', '--validate=strict', '-k', folder);
    } finally {
      await rm(folder, { recursive: true });
    }
    const { kubectl } = node();
    interface Labelled {
      readonly metadata: {
        readonly labels: Record<string, string>;
        readonly annotations: Record<string, string>;
      };
    }
    await kubectl.until('the label of the third party has arrived', async () => {
      const { metadata } = await kubectl.json<Labelled>('node', node().name);
      return metadata.labels['gpu.example.com/model'] === 'example-100';
    });
    const { metadata } = await kubectl.json<Labelled>('node', node().name);
    expect(metadata.labels).toHaveProperty(['feature.node.kubernetes.io/kernel-version.full']);
    expect(metadata.annotations['featureseal.io/accepted']).toContain(
      'spiffe://example.org/gpu-agent/demo/node-a',
    );
    await kubectl.run('delete', 'namespace', 'gpu-agent', '--timeout=120s');
  });

  test('takes down all that it made', async () => {
    await quickstart('--down');
    await expectNothingLeft();
  });

  test('finds nothing to take down afterwards', async () => {
    await quickstart('--down');
  });
});
