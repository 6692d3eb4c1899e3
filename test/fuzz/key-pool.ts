import { makeKeys, type KeyPair, type KeyType } from '../support/certificate-factory.ts';

/** Keys are dear: a few of each type, used again and again. */
export class KeyPool {
  readonly #pairs = new Map<string, KeyPair>();

  get(type: KeyType, number: number): KeyPair {
    const name = `${type} ${number}`;
    const pair = this.#pairs.get(name) ?? makeKeys(type);
    this.#pairs.set(name, pair);
    return pair;
  }
}
