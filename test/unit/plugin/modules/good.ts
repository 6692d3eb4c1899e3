import type { FeaturePlugin } from '../../../../src/plugin/contract.ts';

/** A plugin as someone else would write it: types of the contract and nothing more. */
export default function good(options: { readonly colour?: string } = {}): FeaturePlugin {
  return {
    name: 'good',
    discover: async () => ({
      features: {
        flags: {},
        attributes: { paint: { elements: { colour: options.colour ?? 'grey' } } },
        instances: {},
      },
      labels: {},
    }),
  };
}
