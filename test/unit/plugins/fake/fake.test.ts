import { describe, expect, test } from '@jest/globals';
import fake from '../../../../plugins/fake/index.ts';
import { silentLog } from '../../../../src/runtime/log.ts';

const context = { hostRoot: '/', now: new Date(0), signal: new AbortController().signal, log: silentLog };

describe('the fake plugin', () => {
  test('gives what node-feature-discovery gives by default', async () => {
    const truth = { attr_1: 'true', attr_2: 'false', attr_3: '10' };
    expect(await fake(undefined).discover(context)).toEqual({
      features: {
        flags: { flag: { elements: { flag_1: {}, flag_2: {}, flag_3: {} } } },
        attributes: { attribute: { elements: truth } },
        instances: {
          instance: {
            elements: [
              { attributes: { name: 'instance_1', ...truth, attr_4: 'foobar' } },
              { attributes: { name: 'instance_2', attr_1: 'true', attr_2: 'true', attr_3: '100' } },
              { attributes: { name: 'instance_3' } },
            ],
          },
        },
      },
      labels: { fakefeature1: 'true', fakefeature2: 'true', fakefeature3: 'true' },
    });
  });

  test('gives what it is told to', async () => {
    const options = {
      labels: { a: 'b' },
      flagFeatures: ['F'],
      attributeFeatures: {},
      instanceFeatures: [{ id: '1' }],
    };
    expect(await fake(options).discover(context)).toEqual({
      features: {
        flags: { flag: { elements: { F: {} } } },
        attributes: { attribute: { elements: {} } },
        instances: { instance: { elements: [{ attributes: { id: '1' } }] } },
      },
      labels: { a: 'b' },
    });
  });

  test('refuses values that are no text', () => {
    expect(() => fake({ labels: { a: 1 } })).toThrow(
      /options of fake are wrong: labels\.a: Invalid input: expected string/,
    );
  });
});
