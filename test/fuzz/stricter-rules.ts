// Where this package refuses what another verifier accepts: the code, and the rule that asks for it.
export type Rules = Readonly<Record<string, string>>;

export const weakKey: Rules = {
  'key-not-allowed': 'keys are P-256, P-384, P-521 or RSA of 2048 to 8192 bits with e from 65537',
  'certificate-algorithm': 'certificates are signed by ECDSA or RSA with SHA-2',
  'path-not-found': 'a root with a key that is not allowed is left out of the bundle',
};
export const readable: Rules = {
  'certificate-malformed': 'RFC 5280 to the letter, for every certificate that is sent',
};
export const constraints: Rules = {
  'name-constraints': 'the narrower reading permits, the wider one excludes, and every name of a path counts',
};
export const strictId: Rules = {
  'spiffe-id-invalid': 'IDs are compared as written, never as a URL parser reads them',
  'spiffe-id-no-path': 'the ID of a workload has a path',
  'spiffe-id-reserved': 'IDs under /spire/ are no workloads',
  'svid-uri-san': 'exactly one URI SAN',
};
export const issuerId: Rules = { 'issuer-spiffe-id': 'a CA with an ID has that of its trust domain' };
export const issuerSays: Rules = {
  'issuer-key-usage': 'an issuer says keyCertSign (X.509-SVID section 4.3)',
};
export const leafSays: Rules = {
  'svid-key-usage':
    'a leaf says digitalSignature, critically, and signs no certificates (X.509-SVID section 4.3)',
};
export const noCa: Rules = { 'svid-is-ca': 'a leaf is no CA, in a path without an SVID too' };
export const noPolicies: Rules = { 'critical-extension': 'who requires policies is not followed' };

/** Changed bytes can break any rule. */
export const anyRule: Rules = {
  ...weakKey,
  ...readable,
  ...constraints,
  ...strictId,
  ...issuerId,
  ...issuerSays,
  ...leafSays,
  ...noCa,
  ...noPolicies,
};
