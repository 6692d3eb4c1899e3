import { expect, test } from '@jest/globals';
import { defaultSigners, describeChart, faultsOf, type Given } from './helm.ts';

const complete = [
  'trustDomain=td.test',
  'cluster=berlin',
  'image.repository=registry.test/featureseal',
  'spire.className=spire-mgmt-spire',
];

describeChart('values of the Helm chart', () => {
  test.each(refusals())('are refused where %s', (_, given, expected) => {
    expect(faultsOf(given)).toEqual(expected);
  });

  test('are refused with all that is missing at once', () => {
    expect(faultsOf({}).map((line) => line.split(' ', 3).join(' '))).toEqual([
      'trustDomain is missing:',
      'cluster is missing:',
      'image.repository is missing:',
      'spire.className is missing:',
    ]);
  });
});

type Refusal = readonly [why: string, given: Given, faults: readonly string[]];

function refusals(): readonly Refusal[] {
  const wrong = (why: string, set: readonly string[], ...faults: string[]): Refusal => [
    why,
    { set: [...complete, ...set] },
    faults,
  ];
  const pattern = (at: string, value: string, text: string): string =>
    `at '${at}': '${value}' does not match pattern '${text}'`;
  const trustDomain = '^[a-z0-9._-]{0,255}$';
  const cluster = '^[a-zA-Z0-9._-]{0,63}$';
  const emptySigners = (mode: string): string =>
    `policy.signers is empty and mode is ${mode}: nobody could speak for a node; name signers, or set mode to off`;
  const signer = { ...defaultSigners()[0], name: 'again' };
  return [
    wrong(
      'the trust domain is a SPIFFE ID',
      ['trustDomain=spiffe://td.test'],
      pattern('/trustDomain', 'spiffe://td.test', trustDomain),
    ),
    wrong(
      'the trust domain has a path',
      ['trustDomain=td.test/a'],
      pattern('/trustDomain', 'td.test/a', trustDomain),
    ),
    wrong(
      'the trust domain is not lower case',
      ['trustDomain=TD.test'],
      pattern('/trustDomain', 'TD.test', trustDomain),
    ),
    wrong('the cluster is two segments', ['cluster=a/b'], pattern('/cluster', 'a/b', cluster)),
    wrong(
      'the cluster has 64 characters',
      [`cluster=${'c'.repeat(64)}`],
      pattern('/cluster', 'c'.repeat(64), cluster),
    ),
    wrong('the cluster has a space', ['cluster=a b'], pattern('/cluster', 'a b', cluster)),
    wrong('the cluster is ..', ['cluster=..'], "at '/cluster': 'not' failed"),
    wrong('the cluster is a number', ['cluster=1'], "at '/cluster': got number, want string"),
    wrong(
      'the mode is none',
      ['mode=strict'],
      "at '/mode': value must be one of 'enforce', 'audit', 'off', false",
    ),
    wrong(
      'the identity is none',
      ['identity=vault'],
      "at '/identity': value must be one of 'spire', 'development'",
    ),
    wrong('a key is unknown', ['imagee=a'], "at '': additional properties 'imagee' not allowed"),
    wrong(
      'a key of a part is unknown',
      ['spire.enable=true'],
      "at '/spire': additional properties 'enable' not allowed",
    ),
    wrong(
      'a setting is one that the manifest sets',
      ['worker.config.hostRoot=/'],
      "at '/worker/config': additional properties 'hostRoot' not allowed",
    ),
    wrong(
      'a duration has no unit',
      ['json:worker.config.discoverInterval="5"'],
      pattern('/worker/config/discoverInterval', '5', '^[1-9][0-9]{0,8}[smhd]$'),
    ),
    wrong('there is no master', ['master.replicas=0'], "at '/master/replicas': minimum: got 0, want 1"),
    wrong(
      'a signer lacks its IDs',
      ['json:policy.signers=[{"name":"a","namespace":"featureseal"}]'],
      "at '/policy/signers/0': missing property 'spiffeIDs'",
    ),
    wrong(
      'a digest is none',
      ['image.digest=latest'],
      pattern('/image/digest', 'latest', '^(sha256:[0-9a-f]{64})?$'),
    ),
    wrong('mode enforce has no signers', ['json:policy.signers=[]'], emptySigners('enforce')),
    wrong('mode audit has no signers', ['mode=audit', 'json:policy.signers=[]'], emptySigners('audit')),
    [
      "no signer is for the workers' namespace",
      { set: [...complete, `json:policy.signers=${JSON.stringify([{ ...signer, namespace: 'other' }])}`] },
      [
        'policy.signers has no entry for the namespace featureseal, where the workers write: every object of theirs would be refused; add one',
      ],
    ],
    wrong(
      'two signers have one namespace',
      [`json:policy.signers=${JSON.stringify([...defaultSigners(), signer])}`],
      'policy.signers names a namespace twice (featureseal, featureseal): list several spiffeIDs in one entry instead',
    ),
    wrong(
      'both identities would bring the driver',
      ['identity=development', 'spire.enabled=true'],
      'identity is development and spire.enabled is true: both would bring the driver csi.spiffe.io; choose one',
    ),
    wrong(
      'the driver is one that fills the mount table',
      ['spire.enabled=true', 'spire.csiDriver.image=ghcr.io/spiffe/spiffe-csi-driver:0.2.7'],
      'spire.csiDriver.image is ghcr.io/spiffe/spiffe-csi-driver:0.2.7: below 0.2.12 the driver adds a mount to every volume at each restart of kubelet, until the node dies of it; take 0.2.12 or newer',
    ),
    [
      'the release would be in the namespace of the development identity',
      { set: [...complete, 'identity=development'], namespace: 'featureseal-identity' },
      [
        'the release is in featureseal-identity, the namespace of the development identity, where nobody else may create pods: use another, as in --namespace featureseal',
      ],
    ],
    [
      'the release would be in a namespace of SPIRE',
      { set: [...complete, 'spire.enabled=true'], namespace: 'spire-system' },
      [
        'the release is in spire-system, a namespace of SPIRE, whose pods get no identity; use another, as in --namespace featureseal',
      ],
    ],
  ];
}
