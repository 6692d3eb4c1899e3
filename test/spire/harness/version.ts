import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The oldest SPIRE that this suite, and so the project, speaks for. */
const oldestVersion = '1.15';

/**
 * What `spire-server --version` printed, as `major.minor` and the whole text.
 *
 * @throws Error where the text names no version, or one below {@link oldestVersion}
 */
export function acceptedVersion(printed: string): string {
  const text = printed.trim();
  const [, major = NaN, minor = NaN] = (/^v?(\d+)\.(\d+)\./.exec(text) ?? []).map(Number);
  const [oldestMajor = NaN, oldestMinor = NaN] = oldestVersion.split('.').map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return text;
  throw new Error(
    `SPIRE ${oldestVersion} or newer is needed; spire-server --version says ${JSON.stringify(text)}`,
  );
}

/** The version of the programs in `bin`; both must be new enough. */
export async function spireVersion(bin: string): Promise<string> {
  const [server = '', agent = ''] = await Promise.all(
    ['spire-server', 'spire-agent'].map(async (program) => {
      const { stdout, stderr } = await promisify(execFile)(join(bin, program), ['--version']);
      return acceptedVersion(stdout + stderr);
    }),
  );
  return server === agent ? server : `${server}, agent ${agent}`;
}
