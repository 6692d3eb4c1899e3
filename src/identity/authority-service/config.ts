import { z } from 'zod';
import { commonSettings } from '../../runtime/common-settings.ts';
import { duration, type SettingMeta } from '../../runtime/settings.ts';
import { namespaceName, objectName } from '../attestation/names.ts';
import { hostAndPort, identitySettings } from '../identity-settings.ts';

const shortestTtlMs = 60_000;
const longestTtlMs = 7 * 86_400_000;

const listedIdentity = z.strictObject({
  namespace: namespaceName.optional(),
  serviceAccount: objectName,
  path: z.string().startsWith('/', 'must begin with /'),
});

/** Configuration of the authority of the development identity. */
export const authorityConfigSchema = z.strictObject({
  ...identitySettings,
  namespace: commonSettings.namespace,
  listen: hostAndPort.default('0.0.0.0:8443').meta({
    description: 'Where node plugins reach the authority.',
    placeholder: 'host:port',
    shownDefault: '0.0.0.0:8443',
  } satisfies SettingMeta),
  nodePlugin: objectName.default('featureseal-identity-node-plugin').meta({
    description: 'Service account of the node plugin, in the same namespace.',
    placeholder: 'name',
    shownDefault: 'featureseal-identity-node-plugin',
  } satisfies SettingMeta),
  bundleConfigMap: objectName.default('featureseal-identity-bundle').meta({
    description:
      'ConfigMap of the same namespace that takes the trust bundle, under the key bundle.pem. It must exist.',
    placeholder: 'name',
    shownDefault: 'featureseal-identity-bundle',
  } satisfies SettingMeta),
  svidTtl: duration
    .refine((ms) => ms >= shortestTtlMs && ms <= longestTtlMs, 'must be from 1m to 7d')
    .default(3_600_000)
    .meta({
      description:
        'Life of an SVID; it rotates at half of it. The CA lives six times as long, a day at least.',
      placeholder: 'duration',
      shownDefault: '1h',
    } satisfies SettingMeta),
  identities: z
    .array(listedIdentity)
    .min(1)
    .meta({
      description:
        'Who gets which SPIFFE ID, as a list of {namespace, serviceAccount, path}; nobody else gets one. Without namespace: that of the authority. In the path {cluster} and {node} stand for one whole segment. Required.',
      fileOnly: true,
    } satisfies SettingMeta),
});

export type AuthorityConfig = z.infer<typeof authorityConfigSchema>;
