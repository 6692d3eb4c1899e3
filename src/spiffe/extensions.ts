import { type DerElement, DerReader, malformed, onlyElement, onlyInside, tag } from './der.ts';
import { namedBits, objectIdentifier, readDefaultFalse, smallInteger } from './der-values.ts';
import { checkIgnoredExtension, isRefused, mayBeCritical, neverCritical } from './ignored-extensions.ts';
import { type GeneralName, readGeneralNames } from './general-name.ts';
import { type NameConstraints, parseNameConstraints } from './name-constraints.ts';

/** keyUsage (RFC 5280 section 4.2.1.3), as far as this package asks for it. */
export interface KeyUsage {
  readonly isCritical: boolean;
  readonly digitalSignature: boolean;
  readonly keyCertSign: boolean;
  readonly crlSign: boolean;
}

/** The extensions of a certificate that decide something. */
export interface Extensions {
  readonly isCa: boolean;
  /** Intermediates that may follow below, undefined without a limit. */
  readonly pathLength: number | undefined;
  readonly keyUsage: KeyUsage | undefined;
  /** subjectAltName, the forms that constraints are enforced for. */
  readonly names: readonly GeneralName[];
  readonly hasCriticalNames: boolean;
  readonly nameConstraints: NameConstraints | undefined;
  readonly subjectKeyId: Uint8Array | undefined;
  readonly authorityKeyId: Uint8Array | undefined;
  /** Dotted identifiers of what no path may hold: critical and not understood here, or policy constraints. */
  readonly unhandled: readonly string[];
}

interface Extension {
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

const oids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
} as const;
const decisive: ReadonlySet<string> = new Set(Object.values(oids));
const mostExtensions = 64;

/** Reads `[3] Extensions` (RFC 5280 section 4.1.2.9); an absent field is an empty list. */
export function readExtensions(field: DerElement | undefined): Extensions {
  const list = field === undefined ? new Map<string, Extension>() : readList(field.content);
  for (const [oid, { value }] of list) checkIgnoredExtension(oid, value);

  const names = list.get(oids.subjectAltName);
  const keyUsage = list.get(oids.keyUsage);
  const constraints = list.get(oids.nameConstraints);
  const subjectKeyId = list.get(oids.subjectKeyIdentifier);
  const extensions = {
    ...readBasicConstraints(list.get(oids.basicConstraints)),
    keyUsage: keyUsage && readKeyUsage(keyUsage),
    names:
      names === undefined
        ? []
        : readGeneralNames(onlyInside(names.value, tag.sequence, 'subjectAltName'), 'subjectAltName'),
    hasCriticalNames: names?.isCritical === true,
    nameConstraints: constraints && parseNameConstraints(constraints.value),
    subjectKeyId:
      subjectKeyId && onlyElement(subjectKeyId.value, tag.octetString, 'subjectKeyIdentifier').content,
    authorityKeyId: readAuthorityKeyId(list.get(oids.authorityKeyIdentifier)),
  };
  // A critical subjectAltName of forms that nobody reads here is as good as not understood.
  const isUnderstood = (oid: string): boolean =>
    oid === oids.subjectAltName ? extensions.names.length > 0 : decisive.has(oid) || mayBeCritical(oid);
  const unhandled = [...list].filter(
    ([oid, { isCritical }]) => isRefused(oid) || (isCritical && !isUnderstood(oid)),
  );
  return { ...extensions, unhandled: unhandled.map(([oid]) => oid) };
}

function readList(content: Uint8Array): ReadonlyMap<string, Extension> {
  const reader = onlyInside(content, tag.sequence, 'extensions');
  if (reader.isEmpty) throw malformed('extensions: empty list');
  const list = new Map<string, Extension>();
  while (!reader.isEmpty) {
    const extension = reader.inside(tag.sequence, 'extension');
    const oid = objectIdentifier(extension.element(tag.objectIdentifier, 'extension'), 'extension');
    const isCritical = readDefaultFalse(extension, `extension ${oid}`);
    const { content: value } = extension.element(tag.octetString, `extension ${oid}`);
    extension.end(`extension ${oid}`);
    // RFC 5280 section 4.2: once each. Of two subjectAltNames one reader sees the first, another the last.
    if (list.has(oid)) throw malformed(`extension ${oid} twice`);
    if (list.size === mostExtensions) throw malformed(`more than ${mostExtensions} extensions`);
    if (isCritical && neverCritical.has(oid)) throw malformed(`extension ${oid} is critical`);
    list.set(oid, { isCritical, value });
  }
  return list;
}

/** RFC 5280 section 4.2.1.9. */
function readBasicConstraints(extension: Extension | undefined): Pick<Extensions, 'isCa' | 'pathLength'> {
  if (extension === undefined) return { isCa: false, pathLength: undefined };
  const what = 'basicConstraints';
  const reader = onlyInside(extension.value, tag.sequence, what);
  const isCa = readDefaultFalse(reader, what);
  const limit = reader.optional(tag.integer, what);
  reader.end(what);
  if (limit !== undefined && !isCa) throw malformed(`${what}: a path length without cA`);
  return { isCa, pathLength: limit === undefined ? undefined : smallInteger(limit, what) };
}

function readKeyUsage({ value, isCritical }: Extension): KeyUsage {
  const has = namedBits(onlyElement(value, tag.bitString, 'keyUsage'), 'keyUsage');
  return { isCritical, digitalSignature: has(0), keyCertSign: has(5), crlSign: has(6) };
}

/** RFC 5280 section 4.2.1.1: the key identifier; issuer and serial number are hints that nothing here follows. */
function readAuthorityKeyId(extension: Extension | undefined): Uint8Array | undefined {
  if (extension === undefined) return undefined;
  const what = 'authorityKeyIdentifier';
  const reader = onlyInside(extension.value, tag.sequence, what);
  const keyId = reader.optional(tag.context(0), what);
  const issuer = reader.optional(tag.contextConstructed(1), what);
  if (issuer !== undefined) readGeneralNames(new DerReader(issuer.content), what);
  reader.optional(tag.context(2), what);
  reader.end(what);
  return keyId?.content;
}
