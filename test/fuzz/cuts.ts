/** One check taken out of the program's text. */
export interface Cut {
  /** What is no longer checked. */
  readonly id: string;
  /** The step of docs/seal.md that the check belongs to. */
  readonly step: number;
  readonly edits: readonly Edit[];
}

export interface Edit {
  /** Under src/. */
  readonly file: string;
  /** Stands in the file exactly once; white space does not matter. */
  readonly find: string;
  readonly replace: string;
}

const cut = (id: string, step: number, file: string, find: string, replace = ''): Cut => ({
  id,
  step,
  edits: [{ file, find, replace }],
});

const parse = 'feature/parse.ts';
const payload = 'feature/payload.ts';
const spec = 'feature/spec.ts';

const objectCuts: readonly Cut[] = [
  cut(
    'namespace',
    1,
    'seal/verify.ts',
    'if (entry !== undefined) return entry;',
    'return entry ?? policy.signers[0];',
  ),
  cut('api-version', 1, parse, `ownMember(value, 'apiVersion') !== apiVersion`, 'false'),
  cut('kind', 1, parse, `ownMember(value, 'kind') !== kind`, 'false'),
  cut('object-size', 1, parse, 'text.length > maxObjectLength', 'false'),
  cut('payload-size', 1, payload, 'bytes.length > maxPayloadBytes', 'false'),
  cut(
    'spec-unknown-field',
    1,
    spec,
    'if (check === undefined) throw',
    'if (check === undefined) continue; if (false) throw',
  ),
  cut('spec-required-field', 1, spec, '!Object.hasOwn(value, key)', 'false'),
  cut('spec-text', 1, spec, `if (typeof value[key] !== 'string') checkText(value[key], [...path, key]);`),
  cut(
    'spec-object',
    1,
    spec,
    'required: readonly string[]): Check { return (value, path) => { if (!isObject(value)) throw',
    'required: readonly string[]): Check { return (value, path) => { if (false) throw',
  ),
  cut('spec-array', 1, spec, '!Array.isArray(value)', 'false'),
  cut('spec-well-formed-value', 1, spec, '!value.isWellFormed()', 'false'),
  cut('spec-well-formed-key', 1, spec, '!key.isWellFormed()', 'false'),
  cut(
    'covered-value-text',
    1,
    payload,
    `if (typeof value !== 'string') throw`,
    `if (typeof value !== 'string') return value; if (false) throw`,
  ),
  cut('covered-value-well-formed', 1, payload, '!value.isWellFormed()', 'false'),
];

const envelope = 'seal/envelope.ts';
const header = 'seal/header.ts';

const envelopeCuts: readonly Cut[] = [
  cut('seal-size', 2, envelope, 'seal.length > maxSealLength', 'false'),
  cut('seal-detached', 2, envelope, `payload !== '' ||`),
  cut('seal-parts', 2, envelope, '|| rest.length > 0'),
  cut(
    'base64-canonical',
    2,
    'seal/base64.ts',
    'bytes.toString(encoding) === text ? bytes : undefined',
    'bytes',
  ),
  cut('header-utf8', 2, envelope, 'fatal: true', 'fatal: false'),
  cut('header-unknown-member', 2, header, 'z.strictObject(', 'z.object('),
  cut('header-member-twice', 2, header, '|| colons !== Object.keys(value).length'),
  cut('typ', 2, header, 'typ !== sealType', 'false'),
  {
    id: 'alg',
    step: 2,
    edits: [
      { file: 'seal/algorithm.ts', find: 'if (allowed.includes(algorithm)) return;', replace: 'return;' },
      {
        file: 'spiffe/signature.ts',
        find: 'if (!sealAlgorithms(args.key).includes(algorithm)) return false;',
        replace: '',
      },
      {
        file: 'spiffe/signature.ts',
        find: 'schemes[algorithm]',
        replace: 'schemes[sealAlgorithms(args.key)[0]]',
      },
    ],
  },
  cut('iat', 2, header, '!isPlainText(text) || !Number.isSafeInteger(iat) || iat < 1', 'false'),
  cut('x5c-count', 2, header, '|| x5c.length > maxCertificates'),
  cut('x5c-base64', 2, header, `decodeBase64(text, 'base64')`, `Buffer.from(text, 'base64')`),
  cut('x5c-size', 2, header, 'bytes > maxChainBytes', 'false'),
  cut('cluster', 2, 'seal/proof.ts', 'if (header.cluster === cluster) return;', 'return;'),
  cut('covered-count', 2, header, 'labels.length + annotations.length > maxCoveredKeys', 'false'),
  cut('covered-order', 2, header, 'if (!ordered)', 'if (false)'),
  {
    id: 'covered-well-formed',
    step: 2,
    edits: [
      { file: header, find: '!keys.every((key) => key.isWellFormed())', replace: 'false' },
      { file: payload, find: '!key.isWellFormed()', replace: 'false' },
    ],
  },
  cut('covered-node-name', 2, header, '!labels.includes(nodeNameLabel)', 'false'),
  cut('node-name', 2, 'seal/subject.ts', '!isNodeName(node)', 'false'),
];

const svid = 'spiffe/svid.ts';
const spiffeId = 'spiffe/spiffe-id.ts';
const key = 'spiffe/public-key.ts';
const certificate = 'spiffe/certificate.ts';
const der = 'spiffe/der.ts';
const values = 'spiffe/der-values.ts';
const extensions = 'spiffe/extensions.ts';

const leafCuts: readonly Cut[] = [
  cut('one-uri-san', 3, svid, '|| uris.length > 1'),
  cut('leaf-is-ca', 3, svid, 'if (isCa) throw', 'if (false) throw'),
  cut(
    'leaf-signs-certificates',
    3,
    svid,
    'keyUsage?.keyCertSign === true || keyUsage?.crlSign === true',
    'false',
  ),
  cut(
    'leaf-digital-signature',
    3,
    svid,
    'keyUsage?.digitalSignature !== true ||',
    'keyUsage === undefined ||',
  ),
  cut('leaf-key-usage-critical', 3, svid, '|| !keyUsage.isCritical'),
  cut('id-path', 3, svid, `if (path === '') throw`, 'if (false) throw'),
  cut('id-reserved', 3, svid, `path.startsWith('/spire/')`, 'false'),
  cut('id-scheme', 3, spiffeId, 'if (!text.startsWith(scheme)) throw', 'if (false) throw'),
  cut('id-segments', 3, spiffeId, '!segments.every(isPathSegment)', 'false'),
  cut('id-dot-segments', 3, spiffeId, `&& text !== '.' && text !== '..'`),
  cut('rsa-size', 3, key, 'bits < rsaBits.smallest ||'),
  cut('rsa-exponent', 3, key, 'e < 65537 ||'),
  cut(
    'leaf-curve',
    3,
    key,
    `if (key.curve === 'P-384') return ['ES384']; return [];`,
    `if (key.curve === 'P-384') return ['ES384']; return ['ES256'];`,
  ),
  cut('certificate-trailing', 3, der, 'if (!this.isEmpty) throw', 'if (false) throw'),
  cut('certificate-lengths', 3, der, 'length < 0x80 || length < 256 ** (octets - 1)', 'false'),
  cut(
    'certificate-algorithms',
    3,
    certificate,
    'Buffer.compare(innerAlgorithm.raw, outerAlgorithm.raw) !== 0',
    'false',
  ),
  cut('certificate-version', 3, certificate, 'version !== 2', 'false'),
  cut('certificate-serial-sign', 3, values, 'if (first >= 0x80) throw', 'if (false) throw'),
  cut('certificate-serial-length', 3, certificate, 'serial.length > mostSerialOctets', 'false'),
  cut('certificate-extension-twice', 3, extensions, 'if (list.has(oid)) throw', 'if (false) throw'),
  cut('certificate-extension-count', 3, extensions, 'list.size === mostExtensions', 'false'),
  cut('certificate-boolean', 3, values, '|| element.content[0] !== 0xff'),
  cut('certificate-never-critical', 3, extensions, 'isCritical && neverCritical.has(oid)', 'false'),
  cut('certificate-has-name', 3, certificate, '!extensions.hasCriticalNames', 'false'),
  cut('certificate-dates', 3, 'spiffe/validity.ts', 'if (carried) throw', 'if (false) throw'),
];

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
  cut('exception-digest', 4, proof, 'accepted?.digest === digest', 'accepted !== undefined'),
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
  cut('signature', 5, trust, '!(await verifySealSignature(proof))', 'false'),
  cut('remembered-header', 5, trust, '${envelope.protected}.${digest}.${', '${digest}.${'),
  cut('remembered-digest', 5, trust, '${envelope.protected}.${digest}.${', '${envelope.protected}.${'),
  cut('remembered-signature', 5, trust, '${encodeBase64Url(signature)}'),
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

/** Every check that can be told from outside: with it cut, something is accepted that must not be. */
export const cuts: readonly Cut[] = [
  ...objectCuts,
  ...envelopeCuts,
  ...leafCuts,
  ...pathCuts,
  ...signatureCuts,
  ...policyCuts,
  ...freshnessCuts,
];

/** The text without the check. @throws Error where the check is not there, or not once */
export function withEdit(source: string, { find, replace, file }: Edit): string {
  const tokens = find.match(/\w+|\s+|[^\w\s]/g) ?? [];
  const pattern = tokens
    .map((token) => (/^\s+$/.test(token) ? '\\s*' : token.replace(/[^\w]/, String.raw`\$&`)))
    .join('');
  const found = [...source.matchAll(new RegExp(pattern, 'g'))];
  if (found.length !== 1) throw new Error(`src/${file} has ${found.length} times: ${find}`);
  return source.replace(new RegExp(pattern), () => replace);
}
