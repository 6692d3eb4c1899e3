// The ground that the other tests stand on: a real API server that goes away with whoever started it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ApiFailure } from '../../cluster/api-client.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';

describeOnCluster('the control plane of the tests', () => {
  const plane = controlPlane();

  test('is the Kubernetes release that go.mod names', async () => {
    expect(await plane().admin.request('GET', '/version')).toMatchObject({ gitVersion: 'v1.36.3' });
  });

  test('grants nothing to a user without a role', async () => {
    const nobody = await plane().client('nobody');
    const refusal = await nobody.list('/api/v1/nodes').catch((thrown: unknown) => thrown);
    expect(refusal).toBeInstanceOf(ApiFailure);
    expect((refusal as ApiFailure).status).toBe(403);
  });

  test('keeps what it holds while its API server is away', async () => {
    const { admin } = plane();
    await admin.create('/api/v1/namespaces', { metadata: { name: 'kept' } });
    await plane().stopApiServer();
    expect(await admin.answers('/readyz')).toBe(false);
    await plane().startApiServer();
    expect(await admin.get('/api/v1/namespaces/kept')).toMatchObject({ metadata: { name: 'kept' } });
  });
});

describeOnCluster('a test process that is killed', () => {
  test('leaves neither programs nor files behind', async () => {
    const script = join(import.meta.dirname, '../../cluster/start-and-wait.ts');
    const victim = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(victim.stdout, 'data')) as [Buffer];
    const { url, folder } = JSON.parse(line.toString()) as { url: string; folder: string };
    expect(await connecting(url)).toBe('connected');

    // The supervisor has inherited its standard output, so this waits for both.
    const bothEnded = once(victim, 'close');
    victim.kill('SIGKILL');
    await bothEnded;
    expect(await connecting(url)).toBe('ECONNREFUSED');
    await expect(access(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

async function connecting(url: string): Promise<string | undefined> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return 'connected';
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
  }
}
