import { readFile } from 'node:fs/promises';
import { FeaturesealError } from '../error.ts';
import type { CliContext } from './context.ts';

/** Reads a whole text file, or standard input for `-`. @throws FeaturesealError file-unreadable */
export async function readText(file: string, { input }: Pick<CliContext, 'input'>): Promise<string> {
  try {
    if (file !== '-') return await readFile(file, 'utf8');
    const chunks: Buffer[] = [];
    for await (const chunk of input) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FeaturesealError({
      code: 'file-unreadable',
      message: `cannot read ${JSON.stringify(file)}: ${reason}`,
      cause,
    });
  }
}
