import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { interopBin, Peer } from './peer.ts';

/** Tests against the Go program; skipped where it is not named (scripts/test --cluster builds and names it). */
export const describeWithPeer = interopBin === undefined ? describe.skip : describe;

jest.setTimeout(120_000);

/** One Go process for all tests of the suite; call it where they are described. */
export function peerProcess(mode: string): () => Peer {
  let peer: Peer | undefined;
  beforeAll(() => {
    peer = new Peer(mode);
  });
  afterAll(() => peer?.close());
  return () => {
    if (peer === undefined) throw new TypeError('the peer did not start');
    return peer;
  };
}
