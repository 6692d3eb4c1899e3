// What a real API server stores and gives back must still verify: it parses, prunes, defaults and serialises anew.
import { beforeAll, expect, test } from '@jest/globals';
import { apiVersion, kind, nodeNameLabel, type NodeFeature } from '../../../src/feature/node-feature.ts';
import { parsePolicy, signNodeFeature, verifyNodeFeature, type Policy } from '../../../src/index.ts';
import { awkwardSpecs } from '../../cluster/awkward-node-features.ts';
import { installCrds } from '../../cluster/crds.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';
import { createTestCa, type TestCa } from '../../support/certificates.ts';

const cluster = 'test';
const namespace = 'default';
const collection = `/apis/nfd.k8s-sigs.io/v1alpha1/namespaces/${namespace}/nodefeatures`;
const trustDomain = 'example.org';

describeOnCluster('a sealed NodeFeature that a real API server stores', () => {
  const plane = controlPlane();
  const names = new Map(Object.keys(awkwardSpecs).map((kind, index) => [kind, `node-${index}`]));
  let ca: TestCa;
  let policy: Policy;

  beforeAll(async () => {
    ca = await createTestCa({ trustDomain });
    policy = parsePolicy({
      cluster,
      signers: [
        {
          name: 'worker',
          spiffeIDs: [`spiffe://${trustDomain}/{cluster}/{node}`],
          namespace,
          features: ['*'],
          labels: ['*'],
        },
      ],
    });
    await installCrds(plane().admin);
  });

  test.each(Object.entries(awkwardSpecs))('verifies with %s', async (name, spec) => {
    const { admin } = plane();
    const sealed = await seal(names.get(name) ?? '', spec);
    const digest = await digestOf(sealed);

    const created = await admin.create(`${collection}?fieldValidation=Strict`, sealed);
    expect(await digestOf(created)).toBe(digest);
    const path = `${collection}/${sealed.metadata.name}`;
    expect(await digestOf(await admin.get(path))).toBe(digest);

    // Replaced as the worker does it: the whole object, under UID and resourceVersion.
    const { uid, resourceVersion } = created.metadata;
    const next = await seal(sealed.metadata.name, spec);
    const replaced = await admin.replace(path, {
      ...next,
      metadata: { ...next.metadata, uid, resourceVersion },
    });
    expect(await digestOf(replaced)).toBe(digest);
  });

  test('still verifies when it comes in a list, and after a restart of the API server', async () => {
    const { admin } = plane();
    const expected = new Map<string, string>();
    for (const [kind, spec] of Object.entries(awkwardSpecs)) {
      const sealed = await seal(names.get(kind) ?? '', spec);
      expected.set(sealed.metadata.name, await digestOf(sealed));
    }
    await plane().stopApiServer();
    await plane().startApiServer();
    const items = await admin.list(collection);
    const digests = await Promise.all(
      items.map(async (each) => [each.metadata.name, await digestOf(complete(each))] as const),
    );
    expect(new Map(digests)).toEqual(expected);
  });

  async function seal(node: string, spec: NodeFeature['spec']): Promise<NodeFeature> {
    const svid = await ca.issue({ spiffeId: `spiffe://${trustDomain}/${cluster}/${node}` });
    const object: NodeFeature = {
      apiVersion,
      kind,
      metadata: {
        name: node,
        namespace,
        labels: { [nodeNameLabel]: node },
        annotations: { 'test/note': 'é "<&>" \u2028 \u{1F600}' },
      },
      spec,
    };
    return signNodeFeature(object, { svid, cluster, now: new Date() });
  }

  async function digestOf(object: unknown): Promise<string> {
    const bundles = new Map([[trustDomain, [ca.root]]]);
    const { digest } = await verifyNodeFeature(object, { bundles, policy, now: new Date() });
    return digest;
  }
});

/** Items of a list may lack what the list says for all. */
function complete(item: object): object {
  return { apiVersion, kind, ...item };
}
