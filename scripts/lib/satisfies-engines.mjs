// Exits 0 when the Node that runs this satisfies `engines` of the package.json given. Runs on any Node from 18.
import { readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const [major, minor] = process.versions.node.split('.').map(Number);

// Our ranges are all of the forms ^M.m.p and >=M.m.p.
const satisfied = engines.node.split('||').some((range) => {
  const [, operator, wantedMajor, wantedMinor] = /^\s*(\^|>=)(\d+)\.(\d+)\.\d+\s*$/.exec(range) ?? [];
  if (operator === '>=' && major > Number(wantedMajor)) return true;
  return major === Number(wantedMajor) && minor >= Number(wantedMinor);
});
process.exitCode = satisfied ? 0 : 1;
