import { parseCertificate } from '../../../../src/spiffe/certificate.ts';
import { type CryptoKeyPair, generateKeys } from '../../../support/certificates.ts';
import { prepared } from '../../../support/prepared.ts';
import * as raw from '../../../support/raw-certificate.ts';
import { reasonOf } from '../../../support/reason.ts';

type Change = Partial<raw.RawFields>;

interface Leaf {
  readonly keys: () => CryptoKeyPair;
  /** Its fields, none of them wrong. */
  readonly leaf: () => raw.RawFields;
  /** Its DER with these fields in place of its own. */
  readonly made: (change: Change) => Promise<Uint8Array>;
  readonly parsed: (change: Change) => Promise<ReturnType<typeof parseCertificate>>;
  readonly reason: (change: Change) => Promise<string>;
}

/** A leaf whose fields the tests of a file replace one by one. */
export function useLeaf(): Leaf {
  const fields = prepared(async () => {
    const keys = await generateKeys();
    return { keys, leaf: await raw.leafFields(keys) };
  });
  const made: Leaf['made'] = (change) => {
    const { keys, leaf } = fields();
    return raw.rawCertificate({ ...leaf, ...change }, keys);
  };
  const parsed: Leaf['parsed'] = async (change) => parseCertificate(await made(change));
  return {
    keys: () => fields().keys,
    leaf: () => fields().leaf,
    made,
    parsed,
    reason: (change) => reasonOf(() => parsed(change)),
  };
}

/** Usage and name of a leaf, and these extensions besides. */
export function withExtensions(...more: readonly Uint8Array[]): Change {
  const name = raw.subjectAltName(raw.uriName('spiffe://example.org/a'));
  return { extensions: raw.extensions(raw.keyUsage.digitalSignature, name, ...more) };
}
