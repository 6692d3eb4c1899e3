import { inspect } from 'node:util';

type Generate = (...parameters: readonly unknown[]) => Promise<unknown>;

/** To make RSA keys costs more than all tests together; from here on the same ones serve every mutant. */
export function keepRsaKeys(): void {
  const { subtle } = globalThis.crypto;
  const generate = subtle.generateKey.bind(subtle) as Generate;
  const kept = new Map<string, Promise<unknown>>();
  const generateKey: Generate = (...parameters) => {
    const form = inspect(parameters);
    if (!form.includes('modulusLength')) return generate(...parameters);
    const keys = kept.get(form) ?? generate(...parameters);
    kept.set(form, keys);
    return keys;
  };
  Object.assign(subtle, { generateKey });
}
