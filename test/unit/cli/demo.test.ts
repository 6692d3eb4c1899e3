import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { runCommandLine } from '../../support/cli-context.ts';

/** The demo takes turns with the worker's one write a second. */
const limitMs = 60_000;

const demo = (...args: readonly string[]) => runCommandLine(['demo', ...args]);

describe('featureseal demo', () => {
  test(
    '-o json tells node, labels and how each attack ended',
    async () => {
      const { status, out } = await demo('-o', 'json');
      const result = JSON.parse(out) as {
        node: string;
        labels: Record<string, string>;
        attacks: { name: string; verdict: string; code: string }[];
      };
      expect(status).toBe(0);
      expect(Object.keys(result)).toEqual(['node', 'labels', 'attacks']);
      expect(result.node).toMatch(/^[a-z0-9.-]+$/);
      expect(Object.keys(result.labels).some((key) => key.startsWith('feature.node.kubernetes.io/'))).toBe(
        true,
      );
      expect(result.attacks.map(({ verdict, code }) => `${verdict} ${code}`)).toEqual([
        'refused signature-invalid',
        'refused signature-invalid',
        'refused replayed',
        'refused seal-missing',
        'refused signer-not-allowed',
        'refused label-not-granted',
      ]);
    },
    limitMs,
  );

  test(
    'tells plugins the name of the node',
    async () => {
      const { out } = await demo('-o', 'json', '--plugins', './test/unit/plugin/modules/node-name.js');
      const { node, labels } = JSON.parse(out) as { node: string; labels: unknown };
      expect(labels).toEqual({ 'feature.node.kubernetes.io/node-name-is': node });
    },
    limitMs,
  );

  test(
    'leaves nothing behind',
    async () => {
      const own = async () =>
        (await readdir(tmpdir())).filter((name) => name.startsWith('featureseal-demo-'));
      const before = await own();
      const { status, out } = await demo();
      expect(status).toBe(0);
      expect(out).toContain('Every attack was refused and no label changed.');
      expect((await own()).filter((name) => !before.includes(name))).toEqual([]);
    },
    limitMs,
  );
});
