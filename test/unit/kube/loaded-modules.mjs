// Opens a connection and prints the URLs of all modules that were loaded for it.
import { registerHooks } from 'node:module';

const loaded = [];
registerHooks({
  load(url, context, nextLoad) {
    loaded.push(url);
    return nextLoad(url, context);
  },
});

const [kind, path] = process.argv.slice(2);
const { findConnection } = await import('../../../src/kube/connection.ts');
const { ApiClient } = await import('../../../src/kube/api-client.ts');
await import('../../../src/kube/nodes.ts');
await import('../../../src/kube/leadership.ts');
await import('../../../src/kube/events.ts');
const { systemClock } = await import('../../../src/runtime/clock.ts');
const connection = await findConnection(
  kind === 'pod'
    ? {
        environment: { KUBERNETES_SERVICE_HOST: '127.0.0.1' },
        serviceAccountFolder: path,
        clock: systemClock,
      }
    : { environment: {}, kubeconfig: path, clock: systemClock },
);
await connection.current();
new ApiClient({ connection, clock: systemClock }).close();
process.stdout.write(JSON.stringify(loaded));
