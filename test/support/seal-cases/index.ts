import { claimDefects } from './claim-defects.ts';
import { envelopeDefects } from './envelope-defects.ts';
import { leafDefects } from './leaf-defects.ts';
import { objectDefects } from './object-defects.ts';
import { pathDefects } from './path-defects.ts';
import type { Defect } from './scenario.ts';

/** Every rule of docs/seal.md, broken one by one. */
export const defects: readonly Defect[] = [
  ...objectDefects,
  ...envelopeDefects,
  ...leafDefects,
  ...pathDefects,
  ...claimDefects,
];
