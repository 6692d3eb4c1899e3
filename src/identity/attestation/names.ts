import { z } from 'zod';

const label = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const labelText = new RegExp(`^${label}$`);
const subdomainText = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`);

/** Name of a namespace (RFC 1123 label): neither `:` nor `%` nor `/` in it, so no two names read alike in an ID. */
export const namespaceName = z.string().regex(labelText, 'is not the name of a namespace');
/** Name of a service account, pod or node (RFC 1123 subdomain). */
export const objectName = z.string().regex(subdomainText, 'is not the name of a Kubernetes object');
export const objectUid = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'is not the UID of a Kubernetes object');
/** A service account token (RFC 7519, compact form). */
export const tokenText = z
  .string()
  .max(16 * 1024, 'is longer than a token')
  .regex(/^[\w-]+(?:\.[\w-]+){2}$/, 'is not a service account token');

/** A pod as kubelet names it. */
export const podReference = {
  namespace: namespaceName,
  service_account: objectName,
  pod_name: objectName,
  pod_uid: objectUid,
};
