import { z } from 'zod';
import { commonSettings } from '../runtime/common-settings.ts';
import type { SettingMeta } from '../runtime/settings.ts';
import { isPathSegment, isTrustDomainId, trustDomainId } from '../spiffe/spiffe-id.ts';

const { kubeconfig, healthHost, healthPort, logLevel } = commonSettings;

/** Settings that authority and node plugin share; both must say the same cluster, trust domain and audience. */
export const identitySettings = {
  cluster: z
    .string()
    .max(63)
    .refine(isPathSegment, 'must be letters, digits, dot, dash and underscore')
    .meta({
      description: 'Name of the cluster; the same as in worker and policy. Required.',
      placeholder: 'name',
    } satisfies SettingMeta),
  trustDomain: z
    .string()
    .refine((name) => isTrustDomainId(trustDomainId(name)), 'must be the name of a SPIFFE trust domain')
    .meta({
      description: 'Trust domain of all identities. Required.',
      placeholder: 'name',
    } satisfies SettingMeta),
  audience: z
    .string()
    .min(1)
    .default('featureseal-identity')
    .meta({
      description:
        'Audience of the service account tokens; the one of tokenRequests in the CSIDriver object.',
      placeholder: 'name',
      shownDefault: 'featureseal-identity',
    } satisfies SettingMeta),
  kubeconfig,
  healthHost,
  healthPort,
  logLevel,
};

/** `host:port`, the host a name or an IP address. */
export const hostAndPort = z
  .string()
  .regex(/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/, 'must be host:port');
