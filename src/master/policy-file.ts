import { readFile } from 'node:fs/promises';
import { FeaturesealError } from '../error.ts';
import { fitsMark } from '../seal/mark.ts';
import { parsePolicy, type Policy } from '../seal/policy.ts';
import type { MasterConfig } from './config.ts';

/**
 * The policy that this master judges by: its file, with the mode of the flag where one is given.
 *
 * @throws FeaturesealError config-invalid where there is no such file; policy-invalid, with every fault
 */
export async function readPolicyFile({
  policy: file,
  mode,
}: Pick<MasterConfig, 'policy' | 'mode'>): Promise<Policy> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FeaturesealError({
      code: 'config-invalid',
      message: `the policy file ${file} cannot be read`,
      cause,
    });
  });
  const written = parsePolicy(text);
  const policy = mode === undefined ? written : { ...written, mode };
  if (policy.mode === 'off') return policy;
  // Without signers only mode off makes sense; the flag must not turn that into a master that refuses everything.
  if (policy.signers.length === 0)
    throw invalid(`the policy names no signers; mode ${policy.mode} needs some`);
  // A mark that cannot be read again counts as absent: what was accepted would be forgotten, and could be replayed.
  if (!fitsMark(policy)) {
    throw invalid(
      'the SPIFFE IDs of all signers together are too long for the 16 KiB in which a Node remembers them; shorten them',
    );
  }
  return policy;
}

function invalid(message: string): FeaturesealError {
  return new FeaturesealError({ code: 'policy-invalid', message });
}
