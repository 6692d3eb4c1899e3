import { describe, expect, test } from '@jest/globals';
import type { ApiObject } from '../../../support/fake-api-server.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { useInstalled } from './installed.ts';
import { crdsPath } from './objects.ts';

const { checked, cluster, found } = useInstalled();

describe('featureseal doctor tells of the API server', () => {
  test('that there is none configured; the socket is tried all the same', async () => {
    const results = await checked({ env: { KUBECONFIG: '' } });
    expect(results.get('api-server')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('no Kubernetes API server is configured'),
    });
    expect(results.get('nodes')).toEqual({
      name: 'nodes',
      status: 'not checked',
      message: 'the API server cannot be asked',
    });
    expect(results.get('workload-api')?.status).toBe('ok');
  });

  test('that it does not take the credentials', async () => {
    cluster().server.token = 'another';
    expect(await found('api-server')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('HTTP 401'),
    });
  });

  test('that it is too old', async () => {
    cluster().server.answers(/^GET \/version$/, () => ({
      major: '1',
      minor: '29+',
      gitVersion: 'v1.29.4-eks',
    }));
    expect(await found('api-server')).toMatchObject({
      status: 'failed',
      message: 'Kubernetes v1.29.4-eks is older than 1.30',
    });
  });

  test.each([
    [30_000, 'warning', /^the clock here is (29|30|31) s ahead of the API server's$/],
    [-200_000, 'failed', /^the clock here is \d+ s behind the API server's; seals bear 60 s$/],
  ])('that the clock is off by %d ms', async (skew, status, message) => {
    const clock = new ManualClock(Date.now() + skew);
    expect(await found('clock', { clock })).toMatchObject({
      status,
      message: expect.stringMatching(message),
    });
  });

  test('that the user may not look', async () => {
    cluster().server.failNext(/GET .*customresourcedefinitions/, { status: 403 });
    expect(await found('crds')).toMatchObject({
      status: 'not checked',
      message:
        'the present user may not look: GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodefeatures.nfd.k8s-sigs.io',
    });
  });
});

describe('featureseal doctor tells of the definitions', () => {
  const name = 'nodefeatures.nfd.k8s-sigs.io';

  test('that they are missing', async () => {
    cluster().server.objects.delete(crdsPath, { name });
    expect(await found('crds')).toMatchObject({
      status: 'failed',
      message: 'the CRD of NodeFeature is not installed',
    });
  });

  test('that a field is missing, which the server would drop in silence', async () => {
    const text = JSON.stringify(cluster().server.objects.get(crdsPath, { name }));
    cluster().put(crdsPath, JSON.parse(text.replaceAll('"instances"', '"others"')) as ApiObject);
    expect(await found('crds')).toMatchObject({
      status: 'failed',
      message: 'the CRD of NodeFeature lacks spec.features.instances',
    });
  });

  test('that something on the way changes objects', async () => {
    cluster().server.answers(/^POST .*\/nodefeatures$/, ({ body }) => {
      const object = body as { spec: object };
      return { ...object, spec: { ...object.spec, labels: {} } };
    });
    expect(await found('seal-survives')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('(mutated)'),
    });
  });

  test('nothing is stored for it', async () => {
    await found('seal-survives');
    const posts: (string | null)[] = [];
    for (let left = true; left;) {
      const { method, path, query } = await cluster().server.requests.next();
      if (method === 'POST' && path.endsWith('/nodefeatures')) {
        posts.push(query.get('dryRun'));
        left = false;
      }
    }
    expect(posts).toEqual(['All']);
  });
});
