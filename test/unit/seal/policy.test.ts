import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../src/error.ts';
import { fillTemplate } from '../../../src/seal/id-template.ts';
import { isGranted } from '../../../src/seal/pattern.ts';
import { parsePolicy } from '../../../src/seal/policy.ts';

const worker = {
  name: 'worker',
  spiffeIDs: ['spiffe://example.org/worker/{cluster}/{node}'],
  namespace: 'featureseal',
};
const policy = (signer: object = {}, rest: object = {}): object => ({
  cluster: 'demo',
  signers: [{ ...worker, ...signer }],
  ...rest,
});

/** The message without the code and the name of the file. */
function faultOf(input: unknown): string {
  try {
    parsePolicy(input);
    return 'accepted';
  } catch (thrown) {
    if (!(thrown instanceof FeaturesealError) || thrown.code !== 'policy-invalid') throw thrown;
    return thrown.message.replace('[policy-invalid] policy:', '').trim();
  }
}

describe('parsePolicy', () => {
  test('reads the example of the documentation', () => {
    const text = `
      cluster: demo
      mode: enforce
      signers:
        - name: worker
          spiffeIDs: ["spiffe://example.org/featureseal/worker/{cluster}/{node}"]
          namespace: featureseal
          object: "{node}"
          features: ["*"]
          labels: ["*"]
    `;
    expect(parsePolicy(text)).toMatchObject({
      cluster: 'demo',
      mode: 'enforce',
      signers: [
        { name: 'worker', namespace: 'featureseal', features: [{ type: 'all' }], labels: [{ type: 'all' }] },
      ],
    });
  });

  test('grants nothing and enforces where nothing is said', () => {
    expect(parsePolicy(policy())).toMatchObject({ mode: 'enforce', signers: [{ features: [], labels: [] }] });
  });

  test.each([['enforce'], ['audit'], ['off']])('knows mode %s', (mode) => {
    expect(parsePolicy(policy({}, { mode })).mode).toBe(mode);
  });

  test('reads the bare word off as the mode, not as a boolean', () => {
    expect(parsePolicy('cluster: demo\nmode: off\n')).toEqual({ cluster: 'demo', mode: 'off', signers: [] });
  });

  test.each([
    ['a cluster of 63 characters', policy({}, { cluster: 'c'.repeat(63) })],
    ['a cluster with dot, dash, underscore and capitals', policy({}, { cluster: 'Prod_eu-1.a' })],
    [
      '16 signers',
      {
        cluster: 'demo',
        signers: Array.from({ length: 16 }, (_, index) => ({ ...worker, namespace: `n${index}` })),
      },
    ],
    [
      'several IDs in one entry, for a migration',
      policy({ spiffeIDs: [...worker.spiffeIDs, 'spiffe://new.example/{cluster}/{node}'] }),
    ],
    [
      'an ID without {cluster} where the entry says so',
      policy({ spiffeIDs: ['spiffe://example.org/{node}'], anyCluster: true }),
    ],
    [
      'an ID without {node} where the entry says so',
      policy({ spiffeIDs: ['spiffe://example.org/{cluster}'], anyNode: true }),
    ],
    ['an ID with {node} though the entry frees of it', policy({ anyNode: true, anyCluster: true })],
    ['no signer in mode off', { cluster: 'demo', mode: 'off', signers: [] }],
    ['an ID beside /spire/', policy({ spiffeIDs: ['spiffe://example.org/spires/{cluster}/{node}'] })],
    ['a namespace of 63 characters', policy({ namespace: 'n'.repeat(63) })],
  ])('takes %s', (_, input) => {
    expect(faultOf(input)).toBe('accepted');
  });

  test.each<[string, unknown, string]>([
    ['nothing', '', 'is empty'],
    ['no cluster', { signers: [worker] }, 'cluster: is required'],
    [
      'an empty cluster',
      policy({}, { cluster: '' }),
      'cluster: must be one segment of a SPIFFE ID: at most 63 letters, digits, dots, dashes, underscores',
    ],
    [
      'a cluster of two segments',
      policy({}, { cluster: 'a/b' }),
      'cluster: must be one segment of a SPIFFE ID: at most 63 letters, digits, dots, dashes, underscores',
    ],
    [
      'a cluster named ..',
      policy({}, { cluster: '..' }),
      'cluster: must be one segment of a SPIFFE ID: at most 63 letters, digits, dots, dashes, underscores',
    ],
    [
      'a cluster that is a placeholder',
      policy({}, { cluster: '{node}' }),
      'cluster: must be one segment of a SPIFFE ID: at most 63 letters, digits, dots, dashes, underscores',
    ],
    [
      'a cluster of 64 characters',
      policy({}, { cluster: 'c'.repeat(64) }),
      'cluster: must be one segment of a SPIFFE ID: at most 63 letters, digits, dots, dashes, underscores',
    ],
    [
      'a cluster that YAML reads as a number',
      'cluster: 1.10\nsigners: []\n',
      'line 1, column 1, cluster: expected string, received number: put it in quotes',
    ],
    ['another mode', policy({}, { mode: 'permissive' }), 'mode: expected one of "enforce"|"audit"|"off"'],
    ['no signers', { cluster: 'demo' }, 'signers: must not be empty in mode enforce'],
    ['no signer', { cluster: 'demo', signers: [] }, 'signers: must not be empty in mode enforce'],
    [
      'no signer in mode audit',
      { cluster: 'demo', mode: 'audit', signers: [] },
      'signers: must not be empty in mode audit',
    ],
    [
      '17 signers',
      {
        cluster: 'demo',
        signers: Array.from({ length: 17 }, (_, index) => ({ ...worker, namespace: `n${index}` })),
      },
      'signers: Too big: expected array to have <=16 items',
    ],
    ['an unknown key', policy({}, { clusters: [] }), 'clusters: is not a known key'],
    ['an unknown key of a signer', policy({ feature: ['*'] }), 'signers[0].feature: is not a known key'],
    ['no name', policy({ name: undefined }), 'signers[0].name: is required'],
    ['no namespace', policy({ namespace: undefined }), 'signers[0].namespace: is required'],
    [
      'a namespace that is none',
      policy({ namespace: 'a/b' }),
      'signers[0].namespace: must be a DNS-1123 label',
    ],
    [
      'a namespace of 64 characters',
      policy({ namespace: 'n'.repeat(64) }),
      'signers[0].namespace: must be a DNS-1123 label',
    ],
    [
      'a namespace with a line feed',
      policy({ namespace: 'featureseal\n' }),
      'signers[0].namespace: must be a DNS-1123 label',
    ],
    ['no IDs', policy({ spiffeIDs: undefined }), 'signers[0].spiffeIDs: is required'],
    [
      'an empty list of IDs',
      policy({ spiffeIDs: [] }),
      'signers[0].spiffeIDs: Too small: expected array to have >=1 items',
    ],
    ['another object name', policy({ object: 'x-{node}' }), 'signers[0].object: expected "{node}"'],
    [
      'anyNode that is text',
      policy({ anyNode: 'yes' }),
      'signers[0].anyNode: expected boolean, received string',
    ],
  ])('refuses %s', (_, input, fault) => {
    expect(faultOf(input)).toBe(fault);
  });

  test('refuses two entries for one namespace', () => {
    const input = { cluster: 'demo', signers: [worker, { ...worker, name: 'other' }] };
    expect(faultOf(input)).toBe(
      'signers[1].namespace: another entry has namespace featureseal already; list several spiffeIDs in one entry instead',
    );
  });

  test('tells every fault at once, each with its line', () => {
    const text =
      'cluster: demo\nsigners:\n  - name: worker\n    spiffeIDs: ["spiffe://example.org/{node}"]\n    namespace: x\n    labels: [gpu]\n';
    expect(faultOf(text).split('\n')).toEqual([
      'line 4, column 17, signers[0].spiffeIDs[0]: lacks {cluster} (or say anyCluster: true)',
      '  line 6, column 14, signers[0].labels[0]: must be "namespace/name", "namespace/*" or "*"',
    ]);
  });
});

describe('an ID of the policy', () => {
  const at = 'signers[0].spiffeIDs[0]:';
  const notAnId = `${at} is not a SPIFFE ID: [spiffe-id-invalid] not a SPIFFE ID:`;
  const segment =
    'a path segment is empty, . or .., or holds other than letters, digits, dot, dash and underscore';
  const domain = 'the trust domain is not 1 to 255 of lower-case letters, digits, dot, dash and underscore';
  const scheme = 'it does not begin with spiffe://';

  test.each([
    ['spiffe://example.org/w/{cluster}', `${at} lacks {node} (or say anyNode: true)`],
    ['spiffe://example.org/w/{node}', `${at} lacks {cluster} (or say anyCluster: true)`],
    ['spiffe://example.org/{cluster}/{node}/{node}', `${at} names a placeholder twice`],
    ['spiffe://example.org/{cluster}/{cluster}/{node}', `${at} names a placeholder twice`],
    ['spiffe://example.org/w-{node}/{cluster}', `${notAnId} ${segment}`],
    ['spiffe://example.org/{node}.example/{cluster}', `${notAnId} ${segment}`],
    ['spiffe://example.org/{Node}/{cluster}', `${notAnId} ${segment}`],
    ['spiffe://example.org/{namespace}/{cluster}/{node}', `${notAnId} ${segment}`],
    ['spiffe://example.org/{cluster}/{node}/', `${notAnId} ${segment}`],
    ['spiffe://example.org/{cluster}//{node}', `${notAnId} ${segment}`],
    ['spiffe://example.org/{cluster}/../{node}', `${notAnId} ${segment}`],
    ['spiffe://example.org/{cluster}/{node}/*', `${notAnId} ${segment}`],
    ['spiffe://example.org/{cluster}/{node}?', `${notAnId} ${segment}`],
    ['spiffe://{cluster}/worker/{node}', `${notAnId} ${domain}`],
    ['spiffe://{node}/worker/{cluster}', `${notAnId} ${domain}`],
    ['spiffe://Example.org/{cluster}/{node}', `${notAnId} ${domain}`],
    ['https://example.org/{cluster}/{node}', `${notAnId} ${scheme}`],
    ['{cluster}/{node}', `${notAnId} ${scheme}`],
    ['spiffe://example.org', `${at} has no path: that is a trust domain, not a workload`],
    ['spiffe://example.org/spire', `${at} is under /spire/: an agent or a server, not a workload`],
    [
      'spiffe://example.org/spire/{cluster}/{node}',
      `${at} is under /spire/: an agent or a server, not a workload`,
    ],
  ])('%s is refused', (id, fault) => {
    expect(faultOf(policy({ spiffeIDs: [id] }))).toBe(fault);
  });

  const filled = (id: string, cluster: string, node: string): string => {
    const [template] =
      parsePolicy(policy({ spiffeIDs: [id], anyNode: true, anyCluster: true })).signers[0]?.templates ?? [];
    if (template === undefined) throw new Error('no template');
    return fillTemplate(template, cluster, node);
  };

  test.each([
    ['spiffe://example.org/w/{cluster}/{node}', 'demo', 'node-a', 'spiffe://example.org/w/demo/node-a'],
    ['spiffe://example.org/{node}/{cluster}/x', 'demo', 'node-a', 'spiffe://example.org/node-a/demo/x'],
    ['spiffe://example.org/fixed', 'demo', 'node-a', 'spiffe://example.org/fixed'],
    // Nothing of what String.replace gives a meaning.
    [
      'spiffe://example.org/w/{cluster}/{node}',
      "$&$'$`$$",
      '{cluster}',
      "spiffe://example.org/w/$&$'$`$$/{cluster}",
    ],
  ])('%s for %s and %s is %s', (id, cluster, node, expected) => {
    expect(filled(id, cluster, node)).toBe(expected);
  });
});

describe('a grant', () => {
  const grants = (kind: 'features' | 'labels', pattern: string) => {
    const [entry] = parsePolicy(policy({ [kind]: [pattern] })).signers;
    return (name: string): boolean => isGranted(name, entry?.[kind] ?? []);
  };

  test.each<['features' | 'labels', string, string[], string[]]>([
    ['features', '*', ['a.b', 'anything', '__proto__'], []],
    ['features', 'cpu.*', ['cpu.cpuid', 'cpu.a.b'], ['cpu', 'cpu.', 'cpux.a', 'xcpu.a', 'CPU.cpuid']],
    ['features', 'cpu.cpuid', ['cpu.cpuid'], ['cpu.cpuidx', 'cpu.cpui', 'cpuXcpuid', 'cpu.Cpuid']],
    ['features', 'a.b.c', ['a.b.c'], ['a.b']],
    ['labels', '*', ['vendor.example/x', 'feature.node.kubernetes.io/y'], []],
    [
      'labels',
      'vendor.example/*',
      ['vendor.example/x'],
      ['vendor.example', 'vendor.example/', 'vendor.example.evil/x', 'x.vendor.example/y'],
    ],
    ['labels', 'vendor.example/x', ['vendor.example/x'], ['vendor.example/x1', 'vendor-example/x']],
  ])('of %s %s', (kind, pattern, yes, no) => {
    const isGrantedName = grants(kind, pattern);
    expect(yes.filter((name) => !isGrantedName(name))).toEqual([]);
    expect(no.filter(isGrantedName)).toEqual([]);
  });

  test.each(['', '.', '.*', '**', '*.b', 'a*', 'a.*.b', 'a.b.*', 'cpu', 'cpu.', '.b', 'a.b*'])(
    'features %j is no pattern',
    (pattern) => {
      expect(faultOf(policy({ features: [pattern] }))).toBe(
        'signers[0].features[0]: must be "source.name", "source.*" or "*"',
      );
    },
  );

  test.each(['', '/', '/*', 'gpu', '*/x', 'a/*/b', 'vendor.example/', '/x', 'vendor.*/x'])(
    'labels %j is no pattern',
    (pattern) => {
      expect(faultOf(policy({ labels: [pattern] }))).toBe(
        'signers[0].labels[0]: must be "namespace/name", "namespace/*" or "*"',
      );
    },
  );
});
