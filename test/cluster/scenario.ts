// The one story that the tests on a cluster tell: who may sign what, and what the workers find.

export const trustDomain = 'example.org';
export const cluster = 'test';
export const namespace = 'featureseal';
export const vendorNamespace = 'vendor';
/** A namespace that the policy does not name. */
export const foreignNamespace = 'elsewhere';

export function workerId(node: string): string {
  return idFrom(workerTemplate, node);
}

export function vendorId(node: string): string {
  return idFrom(vendorTemplate, node);
}

const workerTemplate = `spiffe://${trustDomain}/featureseal/worker/{cluster}/{node}`;
const vendorTemplate = `spiffe://${trustDomain}/vendor/{cluster}/{node}`;

function idFrom(template: string, node: string): string {
  return template.replace('{cluster}', cluster).replace('{node}', node);
}

export const policy = {
  cluster,
  signers: [
    { name: 'worker', spiffeIDs: [workerTemplate], namespace, features: ['*'], labels: ['*'] },
    {
      name: 'vendor',
      spiffeIDs: [vendorTemplate],
      namespace: vendorNamespace,
      features: ['vendor.*'],
      labels: ['vendor.example/*'],
    },
  ],
};

/** What the plugin of every worker finds, until a test changes the file. */
export const discovery = {
  features: {
    flags: { flags: { elements: { FAST: {} } } },
    attributes: { version: { elements: { major: '6', minor: '18' } } },
    instances: { device: { elements: [{ attributes: { vendor: '8086' } }] } },
  },
  labels: { gpu: 'present', 'example.com/speed': '10' },
};

/** Its labels as they arrive on the Node. */
export const foundLabels = { 'feature.node.kubernetes.io/test-gpu': 'present', 'example.com/speed': '10' };

/** A plugin as somebody else would write it: a file beside the configuration. */
export const pluginFiles = {
  'plugin.mjs': `import { readFile } from 'node:fs/promises';
const file = new URL('./discovery.json', import.meta.url);
export default () => ({ name: 'test', discover: async () => JSON.parse(await readFile(file, 'utf8')) });
`,
  'discovery.json': JSON.stringify(discovery),
};
