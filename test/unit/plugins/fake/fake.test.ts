import { describe, expect, test } from '@jest/globals';
import fake from '../../../../plugins/fake/index.ts';
import { discoverWith } from '../../../../src/plugin/plugin-test.ts';

describe('the fake plugin', () => {
  test('gives what node-feature-discovery gives by default', async () => {
    const truth = { attr_1: 'true', attr_2: 'false', attr_3: '10' };
    expect(await discoverWith(fake(undefined), { host: {} })).toEqual({
      features: {
        flags: { 'fake.flag': { elements: { flag_1: {}, flag_2: {}, flag_3: {} } } },
        attributes: { 'fake.attribute': { elements: truth } },
        instances: {
          'fake.instance': {
            elements: [
              { attributes: { name: 'instance_1', ...truth, attr_4: 'foobar' } },
              { attributes: { name: 'instance_2', attr_1: 'true', attr_2: 'true', attr_3: '100' } },
              { attributes: { name: 'instance_3' } },
            ],
          },
        },
      },
      labels: Object.fromEntries(
        [1, 2, 3].map((n) => [`feature.node.kubernetes.io/fake-fakefeature${String(n)}`, 'true']),
      ),
      log: [],
    });
  });

  test('gives what it is told to', async () => {
    const options = {
      labels: { a: 'b' },
      flagFeatures: ['F'],
      attributeFeatures: {},
      instanceFeatures: [{ id: '1' }],
    };
    expect(await discoverWith(fake(options), { host: {} })).toMatchObject({
      features: {
        flags: { 'fake.flag': { elements: { F: {} } } },
        attributes: { 'fake.attribute': { elements: {} } },
        instances: { 'fake.instance': { elements: [{ attributes: { id: '1' } }] } },
      },
      labels: { 'feature.node.kubernetes.io/fake-a': 'b' },
    });
  });

  test('refuses values that are no text', () => {
    expect(() => fake({ labels: { a: 1 } })).toThrow(
      /options of fake are wrong: labels\.a: Invalid input: expected string/,
    );
  });
});
