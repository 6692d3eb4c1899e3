/**
 * Every code that this package can throw, each with its meaning; `step` is the step of verification
 * (docs/seal.md) that refuses with it. A code is never re-used for another meaning.
 */
export const reasonCodes = {
  // Step 1: is this an object that the policy speaks of, and can it be read at all?
  'namespace-not-in-policy': { step: 1, meaning: 'no policy entry names the namespace of the object' },
  'node-unknown': { step: 1, meaning: 'no Node of that name exists; the object waits for it' },
  'object-too-large': { step: 1, meaning: 'object or payload is larger than the limit' },
  'object-malformed': {
    step: 1,
    meaning: 'the object is not JSON or not a NodeFeature of strings, objects and arrays',
  },
  // Step 2: the envelope.
  'seal-missing': { step: 2, meaning: 'the object carries no seal' },
  'seal-too-large': { step: 2, meaning: 'the seal is larger than 64 KiB' },
  'seal-malformed': {
    step: 2,
    meaning: 'the seal is not a compact JWS with detached payload and exactly the known header members',
  },
  'seal-type-unknown': {
    step: 2,
    meaning: 'the header names another typ: a signature made for another purpose',
  },
  'seal-algorithm': { step: 2, meaning: 'alg is not one that the key of the leaf may use' },
  'seal-chain': { step: 2, meaning: 'x5c is empty, too long, too large or not standard base64 DER' },
  'seal-time': { step: 2, meaning: 'iat is not an integer from 1 to 2^53-1' },
  'cluster-mismatch': { step: 2, meaning: 'the seal was made for another cluster' },
  'covered-keys': {
    step: 2,
    meaning:
      'the covered keys are unsorted, repeated, too many, absent from the object or lack the node name',
  },
  'node-name-invalid': {
    step: 2,
    meaning: 'the covered node name is not a DNS-1123 subdomain of at most 63 characters',
  },
  // Step 3: the leaf as an X.509-SVID.
  'certificate-malformed': { step: 3, meaning: 'a certificate is not strict DER of an X.509 v3 certificate' },
  'svid-uri-san': { step: 3, meaning: 'the leaf does not carry exactly one URI SAN' },
  'spiffe-id-invalid': { step: 3, meaning: 'the text is not a well-formed SPIFFE ID' },
  'spiffe-id-no-path': {
    step: 3,
    meaning: 'the SPIFFE ID of the leaf has no path: that is a trust domain, not a workload',
  },
  'spiffe-id-reserved': {
    step: 3,
    meaning: 'the SPIFFE ID of the leaf is under /spire/: an agent or a server, not a workload',
  },
  'svid-is-ca': { step: 3, meaning: 'the leaf is a CA' },
  'svid-key-usage': { step: 3, meaning: 'the leaf may sign certificates or lists, or may not sign data' },
  'key-not-allowed': {
    step: 3,
    meaning: 'the key is not P-256, P-384 or RSA of 2048 to 4096 bits with an odd exponent from 65537',
  },
  // Step 4: the path to a root of the leaf's own trust domain.
  'bundle-missing': {
    step: 4,
    meaning: 'there is no bundle, or an empty one, for the trust domain of the leaf',
  },
  'path-not-found': { step: 4, meaning: 'no certificate of chain and bundle leads from the leaf to a root' },
  'path-too-much-work': { step: 4, meaning: 'more than 16 signature checks would be needed' },
  'certificate-expired': { step: 4, meaning: 'a certificate of the path has expired' },
  'certificate-not-yet-valid': { step: 4, meaning: 'a certificate of the path is not valid yet' },
  'issuer-not-ca': { step: 4, meaning: 'an issuer in the path is not a CA' },
  'issuer-key-usage': { step: 4, meaning: 'an issuer in the path may not sign certificates' },
  'issuer-spiffe-id': {
    step: 4,
    meaning: 'an issuer carries a URI SAN with a path or of another trust domain',
  },
  'path-length': { step: 4, meaning: 'a pathLenConstraint is exceeded' },
  'name-constraints': {
    step: 4,
    meaning: 'a name constraint of an issuer is violated or of a form that is not understood',
  },
  'critical-extension': {
    step: 4,
    meaning: 'a certificate of the path has a critical extension that is not understood',
  },
  'certificate-algorithm': {
    step: 4,
    meaning: 'a certificate of the path is signed with an algorithm that is not allowed',
  },
  'certificate-signature': {
    step: 4,
    meaning: 'the signature of a certificate does not verify under its issuer',
  },
  'seal-outside-validity': { step: 4, meaning: 'iat is outside the validity of the leaf' },
  // Step 5: the signature over the payload.
  'signature-invalid': {
    step: 5,
    meaning: 'the signature does not match the payload: edited, copied or grafted',
  },
  // Step 6: the policy.
  'signer-not-allowed': {
    step: 6,
    meaning: 'the SPIFFE ID may not speak for this cluster, node and namespace',
  },
  'name-mismatch': { step: 6, meaning: 'the name of the object is not the name of the node' },
  'feature-not-granted': { step: 6, meaning: 'a feature is outside what the policy grants the signer' },
  'label-not-granted': { step: 6, meaning: 'a label is outside what the policy grants the signer' },
  'feature-reserved': {
    step: 6,
    meaning: 'a feature is reserved: rule.*, or system.name from an entry without {node}',
  },
  // Step 7: freshness.
  replayed: { step: 7, meaning: 'iat is below the mark: an older object' },
  'conflicting-seal': { step: 7, meaning: 'iat equals the mark but the content differs' },
  'from-the-future': { step: 7, meaning: 'iat is more than 60 s ahead of the clock' },
  'before-node': {
    step: 7,
    meaning: 'iat is before the Node was created: sealed for an earlier Node of that name',
  },
  // Outside verification.
  'bundle-malformed': {
    meaning: 'a bundle file is neither PEM certificates nor the JSON of a SPIFFE bundle',
  },
  'policy-invalid': { meaning: 'the policy file is wrong; every fault is listed with its line' },
  'config-invalid': { meaning: 'a configuration file or flag is wrong; every fault is listed' },
  usage: { meaning: 'the command line is wrong' },
  'file-unreadable': { meaning: 'a file cannot be read' },
  'file-unwritable': { meaning: 'a file cannot be written' },
  'socket-invalid': {
    meaning: 'the Workload API address is not unix:///path, or is tcp and that is not allowed',
  },
  'workload-api-unavailable': { meaning: 'the Workload API cannot be reached or is not ready' },
  'workload-api-denied': { meaning: 'the Workload API gives this process no identity' },
  'workload-api-refused': { meaning: 'the Workload API refuses the request for good' },
  'workload-api-malformed': {
    meaning: 'the Workload API sent a message that breaks its own rules; it is discarded',
  },
  'identity-ambiguous': { meaning: 'several SVIDs match and configuration does not say which one' },
  'identity-absent': { meaning: 'no SVID matches the configured ID or hint' },
  'key-mismatch': { meaning: 'the private key does not belong to the certificate' },
  'reload-failed': { meaning: 'the command that should load new files failed' },
  'csr-invalid': { meaning: 'a certificate request is malformed or not signed by the key that it names' },
  'attestation-request': {
    meaning: 'a request to the authority lacks a member or holds one that no name can be',
  },
  'attestation-plugin': { meaning: 'who asks the authority is not the node plugin' },
  'attestation-cluster': { meaning: 'the pod is of another cluster than the authority' },
  'attestation-service-account': {
    meaning:
      'the service account of the pod is not on the list of the authority, or its token is of another one',
  },
  'attestation-token': {
    meaning: 'the API server does not accept a service account token for this audience',
  },
  'attestation-pod': { meaning: 'a token is not bound to a pod, or to another one than is named' },
  'attestation-node': { meaning: 'a token names no node, or another one than the token of the node plugin' },
  'authority-unavailable': {
    meaning: 'the authority of the development identity cannot be reached or is not ready',
  },
  'authority-refused': { meaning: 'the authority of the development identity gives this pod no identity' },
  'volume-invalid': { meaning: 'a CSI volume is asked for in a way that this driver does not serve' },
  'driver-mismatch': {
    meaning: "the CSIDriver object is missing, another driver's or lacks what this driver needs",
  },
  'plugin-invalid': { meaning: 'a plugin cannot be loaded or does not keep the contract' },
  'plugin-failed': { meaning: 'a plugin threw an error' },
  'plugin-timeout': { meaning: 'a plugin did not answer before its deadline' },
  'plugin-too-large': { meaning: 'a plugin returned more than the limit' },
  mutated: { meaning: 'the server stored something else than was sent: what it answered does not verify' },
  'store-conflict': { meaning: 'the object was changed by someone else meanwhile' },
  'store-unavailable': { meaning: 'the API server cannot be reached or answers with an error' },
  'store-refused': { meaning: 'the API server refuses the request' },
  'already-exists': { meaning: 'what should be made exists already' },
  aborted: { meaning: 'the operation was stopped' },
  internal: { meaning: 'a defect of this program' },
} as const satisfies Record<string, { readonly step?: number; readonly meaning: string }>;

/** A closed union: the keys of {@link reasonCodes}. */
export type ReasonCode = keyof typeof reasonCodes;
