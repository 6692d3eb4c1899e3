import { unreadable, type Host } from '../../src/plugin/host/host.ts';
import type { Finding } from '../../src/plugin/probe.ts';

/** The first that exists counts (os-release(5)). */
const files = ['/etc/os-release', '/usr/lib/os-release'];
const maxBytes = 64 * 1024;

/** All entries of os-release, and the numbers that VERSION_ID begins with. */
export async function findOsRelease(host: Host): Promise<Finding | undefined> {
  for (const file of files) {
    const text = await host.text(file, maxBytes);
    if (text === undefined) continue;
    const entries = parse(text);
    if (entries.size === 0) throw unreadable(file, 'has no entry KEY=value');
    const [, major, minor] = /^(\d+)(?:\.(\d+))?(?:\..*)?$/.exec(entries.get('VERSION_ID') ?? '') ?? [];
    if (major !== undefined) entries.set('VERSION_ID.major', major);
    if (minor !== undefined) entries.set('VERSION_ID.minor', minor);
    return { attributes: Object.fromEntries(entries) };
  }
  return undefined;
}

/** Quotes around a value are dropped; escapes within it are left as they are. */
function parse(text: string): Map<string, string> {
  const entries = text
    .split('\n')
    .map((line) => /^(\w+)=(.+)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, key = '', value = '']) => [key, value.replace(/^["']+|["']+$/g, '')] as const);
  return new Map(entries);
}
