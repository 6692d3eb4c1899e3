import { clockDefects } from './clock-defects.ts';
import { envelopeDefects } from './envelope-defects.ts';
import { freshnessDefects } from './freshness-defects.ts';
import { leafDefects } from './leaf-defects.ts';
import { objectDefects } from './object-defects.ts';
import { pathDefects } from './path-defects.ts';
import { policyDefects } from './policy-defects.ts';
import type { Defect } from './scenario.ts';
import { signatureDefects } from './signature-defects.ts';

/** Every rule of docs/seal.md, broken one by one. */
export const defects: readonly Defect[] = [
  ...objectDefects,
  ...envelopeDefects,
  ...leafDefects,
  ...pathDefects,
  ...clockDefects,
  ...signatureDefects,
  ...policyDefects,
  ...freshnessDefects,
];
