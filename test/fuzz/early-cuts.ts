// Checks of steps 1 to 3.
import { cut, type Cut } from './cut.ts';

const parse = 'feature/parse.ts';
const payload = 'feature/payload.ts';
const spec = 'feature/spec.ts';
const writeAsItStands = (value: string): string => `walk.out.escapedText(${value});`;

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
  // Where a check is gone the value is written as it stands, as a looser writer would.
  cut(
    'spec-unknown-field',
    1,
    spec,
    'if (visit === undefined) throw',
    `if (visit === undefined) { visitName(key, walk); ${writeAsItStands('value[key]')} continue; } if (false) throw`,
  ),
  cut('spec-required-field', 1, spec, '!Object.hasOwn(value, key)', 'false'),
  cut(
    'spec-text',
    1,
    spec,
    `if (typeof value !== 'string') throw`,
    `if (typeof value !== 'string') { ${writeAsItStands('value')} return; } if (false) throw`,
  ),
  cut(
    'spec-object',
    1,
    spec,
    'return (value, walk) => { if (!isObject(value)) throw',
    `return (value, walk) => { if (!isObject(value)) { ${writeAsItStands('value')} return; } if (false) throw`,
  ),
  cut(
    'spec-array',
    1,
    spec,
    'if (!Array.isArray(value)) throw',
    `if (!Array.isArray(value)) { ${writeAsItStands('value')} return; } if (false) throw`,
  ),
  cut('spec-well-formed-value', 1, spec, 'checkWellFormed(value, walk);'),
  cut('spec-well-formed-key', 1, spec, 'checkWellFormed(key, walk);'),
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
  cut('curve-point', 3, key, '!isPointOnCurve(curve, point)', 'false'),
  cut(
    'curve-named',
    3,
    key,
    'if (parameters?.tag !== tag.objectIdentifier) throw',
    `if (parameters?.tag !== tag.objectIdentifier) return { kind: 'EC', curve: 'P-256', point, spki }; if (false) throw`,
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

export const earlyCuts: readonly Cut[] = [...objectCuts, ...envelopeCuts, ...leafCuts];
