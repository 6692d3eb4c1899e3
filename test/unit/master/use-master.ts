import { afterEach } from '@jest/globals';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import type { MasterSettings } from '../../../src/master/settings.ts';
import type { TestCa, TestSvid } from '../../support/certificates.ts';
import { prepared } from '../../support/prepared.ts';
import {
  issue,
  nodeFeature,
  noon,
  rootCa,
  seal,
  vendorId,
  workerId,
  type ObjectOptions,
} from '../../support/sealing.ts';
import { MasterWorld } from './world.ts';

interface Masters {
  readonly ca: () => TestCa;
  /** The SVID of the worker of node-a, valid from an hour before noon until an hour after. */
  readonly worker: () => TestSvid;
  /** An object of a worker, node-a's where nothing else is said; sealed at noon and by whom it should be. */
  readonly sealed: (
    options?: ObjectOptions & { readonly at?: number; readonly by?: TestSvid },
  ) => Promise<NodeFeature>;
  /** A master that was not started yet, on a cluster with node-a. */
  readonly unstarted: (settings?: Partial<MasterSettings>) => MasterWorld;
  readonly started: (settings?: Partial<MasterSettings>) => Promise<MasterWorld>;
  /** A master that has seen these objects, one after the other. */
  readonly seeing: (...objects: readonly (NodeFeature | Promise<NodeFeature>)[]) => Promise<MasterWorld>;
}

/** Masters for the tests of a file, under one authority; each is stopped after its test. */
export function useMaster(): Masters {
  const authority = prepared(async () => {
    const ca = await rootCa();
    return { ca, worker: await issue(ca) };
  });
  const worlds: MasterWorld[] = [];
  afterEach(() => Promise.all(worlds.splice(0).map((world) => world.stop())));

  const ca: Masters['ca'] = () => authority().ca;
  const worker: Masters['worker'] = () => authority().worker;

  async function signerOf({ node = 'node-a', namespace = 'featureseal' }: ObjectOptions): Promise<TestSvid> {
    if (node === 'node-a' && namespace === 'featureseal') return worker();
    return issue(ca(), { spiffeId: namespace === 'vendor' ? vendorId(node) : workerId(node) });
  }

  function unstarted(settings?: Partial<MasterSettings>): MasterWorld {
    const world = new MasterWorld(ca(), settings);
    worlds.push(world);
    return world;
  }

  async function started(settings?: Partial<MasterSettings>): Promise<MasterWorld> {
    const world = unstarted(settings);
    await world.start();
    return world;
  }

  return {
    ca,
    worker,
    unstarted,
    started,
    async sealed(options = {}) {
      const { at = noon, by } = options;
      return seal(nodeFeature(options), by ?? (await signerOf(options)), { at });
    },
    async seeing(...objects) {
      const world = await started();
      for (const object of objects) await world.put(object);
      return world;
    },
  };
}
