export default function createPlugin() {
  return {
    name: 'node-name',
    discover: async ({ nodeName }) => ({
      features: { flags: {}, attributes: {}, instances: {} },
      labels: { is: nodeName ?? 'none' },
    }),
  };
}
