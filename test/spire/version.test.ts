import { describe, expect, test } from '@jest/globals';
import { binFolder, describeOnSpire } from './harness/site.ts';
import { acceptedVersion, spireVersion } from './harness/version.ts';

describe('the version of SPIRE', () => {
  test.each([['1.15.0'], ['1.15.3\n'], ['v1.15.3'], ['1.16.0-dev-ef8527ec'], ['1.100.2'], ['2.0.0']])(
    '%j is new enough',
    (printed) => {
      expect(acceptedVersion(printed)).toBe(printed.trim());
    },
  );

  test.each([['1.14.9'], ['1.9.6'], ['0.12.3'], ['1.15'], ['spire'], ['']])('%j is refused', (printed) => {
    expect(() => acceptedVersion(printed)).toThrow('SPIRE 1.15 or newer is needed');
  });
});

describeOnSpire('the programs of SPIRE', () => {
  test('are new enough', async () => {
    const version = await spireVersion(binFolder());
    process.stderr.write(`SPIRE ${version}\n`);
  });
});
