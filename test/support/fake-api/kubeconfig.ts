import type { FakeApiServer } from '../fake-api-server.ts';

/** A kubeconfig, as an object, that leads to this server. */
export function kubeconfigOf(server: FakeApiServer): unknown {
  const { origin } = server.endpoint();
  const ca = Buffer.from(server.caPem).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    clusters: [{ name: 'fake', cluster: { server: origin, 'certificate-authority-data': ca } }],
    users: [{ name: 'fake', user: {} }],
  };
}
