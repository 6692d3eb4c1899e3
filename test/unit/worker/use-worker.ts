import { afterEach } from '@jest/globals';
import type { X509Svid } from '../../../src/port/svid-source.ts';
import { signNodeFeature } from '../../../src/seal/sign.ts';
import type { TestCa, TestCertificateOptions } from '../../support/certificates.ts';
import { prepared } from '../../support/prepared.ts';
import { hour, issue, nodeFeature, noon, rootCa, workerId } from '../../support/sealing.ts';
import { WorkerWorld } from './world.ts';

export interface SvidOptions extends TestCertificateOptions {
  /** The authority of the tests where it is left out. */
  readonly by?: TestCa;
}

interface Workers {
  readonly ca: () => TestCa;
  /** The SVID of the worker of node-a, valid from an hour before noon for 25 hours. */
  readonly x509Svid: (options?: SvidOptions) => Promise<X509Svid>;
  /** A worker that has this SVID and was not started yet. */
  readonly withSvid: (svid?: X509Svid) => Promise<WorkerWorld>;
  readonly withoutSvid: () => WorkerWorld;
  readonly started: (svid?: X509Svid) => Promise<WorkerWorld>;
  /** Puts a seal of this time into the store, of this node's worker where nothing else is said: as an earlier process would have. */
  readonly storeEarlier: (world: WorkerWorld, at: number, signer?: SvidOptions) => Promise<void>;
}

/** Workers for the tests of a file, under one authority; each is stopped after its test. */
export function useWorker(): Workers {
  const ca = prepared(() => rootCa());
  const worlds: WorkerWorld[] = [];
  afterEach(() => Promise.all(worlds.splice(0).map((world) => world.stop())));

  async function x509Svid(options: SvidOptions = {}): Promise<X509Svid> {
    const {
      by = ca(),
      spiffeId = workerId(),
      notBefore = new Date(noon - hour),
      notAfter = new Date(noon + 24 * hour),
    } = options;
    const { chain, key } = await issue(by, { ...options, spiffeId, notBefore, notAfter });
    return { spiffeId, chain, key, notBefore, notAfter, hint: '', bundle: [by.root] };
  }

  function made(svid: X509Svid | undefined): WorkerWorld {
    const world = new WorkerWorld(ca(), svid);
    worlds.push(world);
    return world;
  }

  const withSvid: Workers['withSvid'] = async (svid) => made(svid ?? (await x509Svid()));
  return {
    ca,
    x509Svid,
    withSvid,
    withoutSvid: () => made(undefined),
    async started(svid) {
      const world = await withSvid(svid);
      await world.start();
      return world;
    },
    async storeEarlier({ objects }, at, signer) {
      const options = { svid: await x509Svid(signer), cluster: 'demo', now: new Date(at) };
      objects.put(await signNodeFeature(nodeFeature(), options));
    },
  };
}
