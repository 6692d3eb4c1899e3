// Checks of steps 4 to 7.
import { cut, type Cut } from './cut.ts';

const extensions = 'spiffe/extensions.ts';
const rules = 'spiffe/path-rules.ts';
const search = 'spiffe/path-search.ts';
const matching = 'spiffe/name-matching.ts';
const proof = 'seal/proof.ts';
const trust = 'seal/trust.ts';

const pathCuts: readonly Cut[] = [
  cut('own-bundle', 4, 'spiffe/bundle.ts', 'bundles.get(trustDomain)', '[...bundles.values()].flat()'),
  cut('expired', 4, rules, 'now > notAfter', 'false'),
  cut('not-yet-valid', 4, rules, 'now < notBefore', 'false'),
  cut('issuer-ca', 4, rules, 'if (!isCa)', 'if (false)'),
  cut('issuer-key-usage', 4, rules, 'keyUsage?.keyCertSign !== true', 'false'),
  cut('issuer-id', 4, rules, 'return isOwn ? undefined : refused;', 'return undefined;'),
  cut('issuer-one-id', 4, rules, 'if (uris.length > 1) return refused;'),
  cut('path-length', 4, rules, 'pathLength === undefined || intermediates <= pathLength', 'true'),
  cut('critical-extension', 4, rules, 'oid === undefined ?', 'true ?'),
  cut('policy-constraints', 4, extensions, 'isRefused(oid) ||'),
  cut('leaf-constraints', 4, rules, 'nameConstraints === undefined ?', 'true ?'),
  cut('name-constraints', 4, search, 'isFeasible && isWithin(names, nameConstraints)', 'true'),
  cut('constraints-other-forms', 4, matching, 'if (hasOtherForms) return false;'),
  cut('constraints-permitted', 4, matching, 'sameForm.length > 0 &&', 'false &&'),
  cut('constraints-excluded', 4, matching, 'return !excluded.some', 'return true || !excluded.some'),
  cut(
    'certificate-algorithm',
    4,
    'spiffe/certificate-signature.ts',
    'const ecdsaHashes: ReadonlyMap<string, Hash> = new Map([',
    `const ecdsaHashes = new Map([['1.2.840.10045.4.1', 'SHA-1'],`,
  ),
  cut('certificate-signature', 4, search, '(await this.#isSignedBy(child, issuer))', 'true'),
  cut('signature-checks', 4, search, 'this.#signatureChecks > mostSignatureChecks', 'false'),
  cut('anchor', 4, search, 'this.#options.roots.includes(issuer) ?', 'true ?'),
  cut('iat-before-leaf', 4, proof, 'header.iat < svid.leaf.notBefore.getTime() - clockSkew ||'),
  cut('iat-after-leaf', 4, proof, '|| header.iat > svid.leaf.notAfter.getTime()'),
  cut('exception-digest', 4, proof, 'accepted?.digest === (await digest)', 'accepted !== undefined'),
  cut('exception-expired', 4, proof, 'svid.leaf.notAfter < now &&'),
  cut(
    'remembered-path-dates',
    4,
    trust,
    'path?.certificates.every((each) => each.notBefore <= now && now <= each.notAfter) === true',
    'path !== undefined',
  ),
  cut('remembered-path-bundles', 4, trust, 'this.#known?.bundles === bundles', 'this.#known !== undefined'),
];

const signatureCuts: readonly Cut[] = [
  cut('signature', 5, trust, '!holds', 'false'),
  cut('remembered-header', 5, trust, '${envelope.protected}.${await digest}', '${await digest}'),
  cut('remembered-digest', 5, trust, '${envelope.protected}.${await digest}', '${envelope.protected}'),
  {
    id: 'remembered-signature',
    step: 5,
    edits: [
      {
        file: trust,
        find: 'this.#signatures.get(text)',
        replace: 'this.#signatures.get(envelope.protected)',
      },
      {
        file: trust,
        find: 'this.#signatures.set(text,',
        replace: 'this.#signatures.set(envelope.protected,',
      },
    ],
  },
];

const authorize = 'seal/authorize.ts';

const policyCuts: readonly Cut[] = [
  cut('signer', 6, authorize, 'fillTemplate(each, policy.cluster, claim.node) === claim.spiffeId', 'true'),
  cut(
    'signer-node',
    6,
    authorize,
    'fillTemplate(each, policy.cluster, claim.node) === claim.spiffeId',
    `claim.spiffeId.split('/').length === each.text.split('/').length && claim.spiffeId.split('/').every((segment, at) => segment === fillTemplate(each, policy.cluster, claim.node).split('/')[at] || each.text.split('/')[at] === '{node}')`,
  ),
  cut(
    'signer-cluster',
    6,
    authorize,
    'fillTemplate(each, policy.cluster, claim.node) === claim.spiffeId',
    `claim.spiffeId.split('/').length === each.text.split('/').length && claim.spiffeId.split('/').every((segment, at) => segment === fillTemplate(each, policy.cluster, claim.node).split('/')[at] || each.text.split('/')[at] === '{cluster}')`,
  ),
  cut('object-name', 6, authorize, 'claim.name !== claim.node', 'false'),
  cut('feature-grant', 6, authorize, '!isGranted(feature, entry.features)', 'false'),
  cut('label-grant', 6, authorize, '!isGranted(label, entry.labels)', 'false'),
  cut('grant-prefix', 6, 'seal/pattern.ts', '&& name.length > pattern.prefix.length'),
  cut('grant-exact', 6, 'seal/pattern.ts', 'name === pattern.name', 'name.startsWith(pattern.name)'),
  cut('reserved-rule', 6, authorize, `name.startsWith('rule.') ||`),
  cut('reserved-system-name', 6, authorize, `|| (name === 'system.name' && !boundToNode)`),
  cut('reserved-case', 6, authorize, 'feature.toLowerCase()', 'feature'),
];

const freshness = 'seal/freshness.ts';

const freshnessCuts: readonly Cut[] = [
  cut('future', 7, freshness, 'if (iat > now + clockSkew) throw', 'if (false) throw'),
  cut('replay', 7, freshness, 'if (iat < accepted.iat) throw', 'if (false) throw'),
  cut('conflict', 7, freshness, 'iat === accepted.iat &&', 'false &&'),
  cut('node-created', 7, freshness, 'if (nodeCreated !== undefined &&', 'if (false &&'),
  cut(
    'mark-from-the-future',
    7,
    freshness,
    'accepted.iat > now + maxAge ? undefined : accepted',
    'false ? undefined : accepted',
  ),
];

export const lateCuts: readonly Cut[] = [...pathCuts, ...signatureCuts, ...policyCuts, ...freshnessCuts];
