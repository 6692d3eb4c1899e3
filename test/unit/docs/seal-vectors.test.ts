import { describe, expect, test } from '@jest/globals';
import { reasonCodes } from '../../../src/error-codes.ts';
import { verificationStep } from '../../../src/error.ts';
import { parsePolicy } from '../../../src/seal/policy.ts';
import { SealTrust } from '../../../src/seal/trust.ts';
import { verifyNodeFeature } from '../../../src/seal/verify.ts';
import { reasonOf } from '../../support/reason.ts';
import { readSealVectors } from '../../support/seal-vectors.ts';

const vectors = readSealVectors();

describe('vectors of docs/seal-vectors', () => {
  test.each(vectors.map((vector) => [`${vector.file}: ${vector.name}`, vector] as const))(
    '%s',
    async (_, { nodeFeature, policy, verdict, code, file: _file, name: _name, ...options }) => {
      const verdictOf = reasonOf(() =>
        verifyNodeFeature(nodeFeature, { ...options, policy: parsePolicy(policy) }),
      );
      expect(await verdictOf).toBe(verdict === 'accept' ? 'accepted' : code);
    },
  );

  test('what was proven of one vector never helps another', async () => {
    const trust = new SealTrust();
    for (const { nodeFeature, policy, verdict, code, file: _file, name, ...options } of [
      ...vectors,
      ...vectors,
    ]) {
      const judged = { ...options, policy: parsePolicy(policy), trust };
      const reason = await reasonOf(() => verifyNodeFeature(nodeFeature, judged));
      expect([name, reason]).toEqual([name, verdict === 'accept' ? 'accepted' : code]);
    }
  });

  test('every code of verification has a vector, but those about sizes and about Nodes', () => {
    const reached = new Set(vectors.map(({ code }) => code));
    const steps = (Object.keys(reasonCodes) as (keyof typeof reasonCodes)[]).filter(
      (code) => verificationStep(code) !== undefined,
    );
    expect(steps.filter((code) => !reached.has(code))).toEqual(['node-unknown', 'object-too-large']);
  });
});
