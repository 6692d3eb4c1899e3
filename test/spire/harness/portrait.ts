import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** The form of a certificate, without what is different in each: to compare what two issuers make. */
export interface Portrait {
  /** Attribute types of the name, in order. */
  readonly subject: readonly string[];
  readonly isNamedLikeIssuer: boolean;
  readonly lifeSeconds: number;
  readonly isCa: boolean | undefined;
  readonly pathLength: number | undefined;
  readonly keyUsages: number | undefined;
  readonly extendedKeyUsages: readonly string[];
  readonly names: readonly unknown[];
  /** Identifiers of all extensions, sorted; `!` marks the critical ones. */
  readonly extensions: readonly string[];
}

export function portraitOf(der: Uint8Array): Portrait {
  const certificate = new x509.X509Certificate(Uint8Array.from(der));
  const constraints = certificate.getExtension(x509.BasicConstraintsExtension);
  return {
    subject: certificate.subjectName.toJSON().flatMap((part) => Object.keys(part)),
    isNamedLikeIssuer: certificate.subject === certificate.issuer,
    lifeSeconds: (certificate.notAfter.getTime() - certificate.notBefore.getTime()) / 1000,
    isCa: constraints?.ca,
    pathLength: constraints?.pathLength,
    keyUsages: certificate.getExtension(x509.KeyUsagesExtension)?.usages,
    extendedKeyUsages: certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages.map(String) ?? [],
    names: certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [],
    extensions: certificate.extensions.map(({ type, critical }) => `${type}${critical ? '!' : ''}`).sort(),
  };
}
