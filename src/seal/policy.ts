import { z } from 'zod';
import { parseObject, parseYaml } from '../runtime/yaml-config.ts';
import { parseTemplate, type IdTemplate } from './id-template.ts';
import { parsePattern, type GrantPattern } from './pattern.ts';
import { isClusterName } from './subject.ts';

/** How a master treats what does not verify; docs/policy.md, "Modes". */
export const modes = ['enforce', 'audit', 'off'] as const;
export type Mode = (typeof modes)[number];

/** One signer: who may speak in one namespace, and about what. */
export interface PolicyEntry {
  readonly name: string;
  readonly namespace: string;
  readonly templates: readonly IdTemplate[];
  readonly features: readonly GrantPattern[];
  readonly labels: readonly GrantPattern[];
}

/** A policy file, parsed: made by {@link parsePolicy} only. */
export interface Policy {
  readonly cluster: string;
  readonly mode: Mode;
  /** In merge order. */
  readonly signers: readonly PolicyEntry[];
}

const maxSigners = 16;
const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const signerSchema = z
  .strictObject({
    name: z.string().min(1).max(63),
    spiffeIDs: z.array(z.string()).min(1),
    namespace: z.string().regex(namespacePattern, 'must be a DNS-1123 label'),
    object: z.literal('{node}').optional(),
    features: z.array(z.string()).default([]),
    labels: z.array(z.string()).default([]),
    anyCluster: z.boolean().default(false),
    anyNode: z.boolean().default(false),
  })
  .transform((signer, context): PolicyEntry => {
    const each = <T>(key: 'spiffeIDs' | 'features' | 'labels', parse: (text: string) => T | string): T[] =>
      signer[key].flatMap((text, index) => {
        const parsed = parse(text);
        if (typeof parsed !== 'string') return [parsed];
        context.addIssue({ code: 'custom', path: [key, index], message: parsed });
        return [];
      });
    return {
      name: signer.name,
      namespace: signer.namespace,
      templates: each('spiffeIDs', (text) => parseTemplate(text, signer)),
      features: each(
        'features',
        (text) => parsePattern(text, '.') ?? 'must be "source.name", "source.*" or "*"',
      ),
      labels: each(
        'labels',
        (text) => parsePattern(text, '/') ?? 'must be "namespace/name", "namespace/*" or "*"',
      ),
    };
  });

const policySchema = z
  .strictObject({
    cluster: z
      .string()
      .refine(
        isClusterName,
        'must be one segment of a SPIFFE ID: at most 63 letters, digits, dots, dashes, underscores',
      ),
    mode: z.enum(modes).default('enforce'),
    signers: z.array(signerSchema).max(maxSigners).optional(),
  })
  .superRefine((policy, context) => {
    const signers = policy.signers ?? [];
    if (signers.length === 0 && policy.mode !== 'off') {
      context.addIssue({
        code: 'custom',
        path: ['signers'],
        message: `must not be empty in mode ${policy.mode}`,
      });
    }
    // One namespace, one entry: which rights an object has must not depend on the order of a search.
    for (const [index, { namespace }] of signers.entries()) {
      if (signers.findIndex((other) => other.namespace === namespace) < index) {
        const message = `another entry has namespace ${namespace} already; list several spiffeIDs in one entry instead`;
        context.addIssue({ code: 'custom', path: ['signers', index, 'namespace'], message });
      }
    }
  })
  .transform(({ cluster, mode, signers }): Policy => ({ cluster, mode, signers: signers ?? [] }));

/**
 * Parses a policy file; docs/policy.md.
 *
 * @param input YAML text, or the object that such a text stands for
 * @throws FeaturesealError policy-invalid, with every fault and, for text, its line
 */
export function parsePolicy(input: unknown): Policy {
  const options = { code: 'policy-invalid', what: 'policy' } as const;
  return typeof input === 'string'
    ? parseYaml(input, policySchema, options)
    : parseObject(input, policySchema, options);
}

/** The entry that speaks for a namespace. */
export function entryFor(policy: Policy, namespace: string): PolicyEntry | undefined {
  return policy.signers.find((entry) => entry.namespace === namespace);
}
