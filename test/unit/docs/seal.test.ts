import { describe, expect, test } from '@jest/globals';
import { verificationStep } from '../../../src/error.ts';
import { reasonCodes, type ReasonCode } from '../../../src/error-codes.ts';
import { canonicalBytes } from '../../../src/feature/payload.ts';
import { readSealVectors } from '../../support/seal-vectors.ts';
import { blocks, readDocument, tableRows } from './page.ts';

const page = readDocument('seal.md');
const codes = Object.keys(reasonCodes) as ReasonCode[];
const code = (cell = ''): string => cell.replaceAll('`', '');

describe('reason codes of docs/seal.md', () => {
  test('are those of the program, each with its step', () => {
    const rows = tableRows(page, '| code | step | meaning |').map((row) => [code(row[0]), Number(row[1])]);
    const steps = codes.map((each) => [each, verificationStep(each)]);
    expect(rows).toEqual(steps.filter(([, step]) => step !== undefined));
  });

  test('outside of verification, too', () => {
    const rows = tableRows(page, '| code | meaning |').map((row) => code(row[0]));
    expect(rows).toEqual(codes.filter((each) => verificationStep(each) === undefined));
  });

  test('are each named in the section of their step', () => {
    const sections = page.split(/^### Step \d: /m).slice(1);
    for (const each of codes) {
      const step = verificationStep(each);
      if (step !== undefined) expect(sections[step - 1]).toContain(`\`${each}\``);
    }
  });
});

describe('the worked example of docs/seal.md', () => {
  const vector = readSealVectors().find(({ name }) => name === 'the worked example of docs/seal.md')!;
  const sealed = JSON.parse(vector.nodeFeature) as { metadata: { annotations: Record<string, string> } };
  const seal = sealed.metadata.annotations['featureseal.io/signature']!;
  const header = JSON.parse(Buffer.from(seal.split('.')[0]!, 'base64url').toString()) as {
    x5c: string[];
    labels: string[];
    annotations: string[];
  };
  const block = (info: string): string => blocks(page, info)[0]!;

  test('shows the object of its vector', () => {
    const shown = block('json object').replace(/"([^"]*)…"/, (_, start: string) =>
      seal.startsWith(start) ? JSON.stringify(seal) : '"another seal"',
    );
    expect(JSON.parse(shown)).toEqual(sealed);
  });

  test('shows the header of its vector', () => {
    const [certificate = ''] = header.x5c;
    const shown = block('json header').replace(/"([^"]*)…"/, (_, start: string) =>
      certificate.startsWith(start) ? JSON.stringify(certificate) : '"another certificate"',
    );
    expect(JSON.parse(shown)).toEqual(header);
  });

  test('shows payload and digest of its vector', async () => {
    const payload = canonicalBytes(vector.nodeFeature, header);
    expect(block('text payload')).toBe(Buffer.from(payload).toString());
    const digest = await globalThis.crypto.subtle.digest('SHA-256', payload);
    expect(block('text digest')).toBe(Buffer.from(digest).toString('base64url'));
  });
});

test('links of the pages about the seal lead somewhere', () => {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
    text!.toLowerCase().replaceAll(' ', '-'),
  );
  const anchors = [...page.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor!);
  expect(anchors.filter((anchor) => !headings.includes(anchor))).toEqual([]);
});
