import { describe, expect, test } from '@jest/globals';
import { hasAny, installedResources } from '../../../src/kube/discovery.ts';
import { fakeApi } from './fake-api.ts';

describe('what the API server has of NFD', () => {
  const fake = fakeApi();

  test('is named by its resources, without subresources', async () => {
    const { server, api, controller } = fake();
    const resources = [
      { name: 'nodefeatures' },
      { name: 'nodefeaturegroups' },
      { name: 'nodefeaturegroups/status' },
    ];
    server.failNext(/v1alpha1$/, { status: 200, body: { kind: 'APIResourceList', resources } });
    expect(await installedResources(api, controller.signal)).toEqual(
      new Set(['nodefeatures', 'nodefeaturegroups']),
    );
  });

  test('is nothing where no definition is installed', async () => {
    const { api, controller } = fake();
    expect(await installedResources(api, controller.signal)).toEqual(new Set());
    expect(await hasAny(api, 'nodefeaturerules', controller.signal)).toBe(false);
  });

  test.each([
    [[], false],
    [[{ metadata: { name: 'r' } }], true],
  ])('with items %j there are rules: %s', async (items, expected) => {
    const { server, api, controller } = fake();
    server.failNext(/nodefeaturerules/, { status: 200, body: { items } });
    expect(await hasAny(api, 'nodefeaturerules', controller.signal)).toBe(expected);
    expect((await server.requests.next()).query.get('limit')).toBe('1');
  });
});
