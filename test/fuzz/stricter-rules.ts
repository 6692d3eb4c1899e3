// Where this package refuses what another verifier accepts: the code, and the rule that asks for it.
export const weakKey = {
  'key-not-allowed': 'keys are P-256, P-384, P-521 or RSA of 2048 to 8192 bits with e from 65537',
};
export const leftOut = 'a root with a key that is not allowed is left out of the bundle';
export const readable = {
  'certificate-malformed': 'RFC 5280 to the letter, for every certificate that is sent',
};
export const constraints = {
  'name-constraints': 'the narrower reading permits, the wider one excludes, and every name of a path counts',
};

export const strictId = {
  'spiffe-id-invalid': 'IDs are compared as written, never as a URL parser reads them',
  'spiffe-id-no-path': 'the ID of a workload has a path',
  'spiffe-id-reserved': 'IDs under /spire/ are no workloads',
  'svid-uri-san': 'exactly one URI SAN',
};
