import { FeaturesealError } from '../../error.ts';
import { PodIdentity, type PodIdentityOptions } from './pod-identity.ts';
import { PodSocket, removeTarget } from './pod-socket.ts';
import type { PodReference, PublishRequest } from './volume.ts';

/** What all volumes of a node share. */
export type VolumesOptions = Omit<PodIdentityOptions, 'pod' | 'token' | 'publish'>;

interface Volume {
  readonly request: PublishRequest;
  readonly identity: PodIdentity;
  close(): Promise<void>;
}

/** The published volumes of this node, by target path: each a folder with the one socket of its pod. */
export class Volumes {
  readonly #options: VolumesOptions;
  readonly #published = new Map<string, Volume>();
  /** Calls for the same path one after the other: kubelet may ask again while it still waits for an answer. */
  readonly #queues = new Map<string, Promise<void>>();

  constructor(options: VolumesOptions) {
    this.#options = options;
  }

  /**
   * Serves a pod; asked again, takes its newest token. After a restart of this process kubelet asks again for every
   * pod there is (requiresRepublish), and so the sockets come back.
   *
   * @throws FeaturesealError already-exists where the path is another pod's; file-unwritable
   */
  publish(request: PublishRequest): Promise<void> {
    return this.#inTurn(request.targetPath, async () => {
      const known = this.#published.get(request.targetPath);
      if (known === undefined) return void this.#published.set(request.targetPath, await this.#open(request));
      if (known.request.volumeId !== request.volumeId || !isSamePod(known.request.pod, request.pod)) {
        const message = `${request.targetPath} is published for another volume or pod`;
        throw new FeaturesealError({ code: 'already-exists', message });
      }
      known.identity.renewToken(request.token);
    });
  }

  /** Takes socket and folder away. Nothing there is no error: kubelet asks until it hears yes. */
  unpublish(targetPath: string): Promise<void> {
    return this.#inTurn(targetPath, async () => {
      await this.#published.get(targetPath)?.close();
      this.#published.delete(targetPath);
      await removeTarget(targetPath);
    });
  }

  async bundlesChanged(): Promise<void> {
    await Promise.all([...this.#published.values()].map(({ identity }) => identity.bundlesChanged()));
  }

  /** Ends every socket; folders stay for the next process. */
  async close(): Promise<void> {
    await Promise.all(this.#queues.values());
    await Promise.all([...this.#published.values()].map((volume) => volume.close()));
    this.#published.clear();
  }

  async #open(request: PublishRequest): Promise<Volume> {
    const { pod, token } = request;
    const identity = new PodIdentity({
      ...this.#options,
      pod,
      token,
      publish: (state) => socket.publish(state),
    });
    const socket = await PodSocket.open(request.targetPath, identity.state(), this.#options.crypto);
    const stop = new AbortController();
    const running = identity.run(stop.signal);
    return {
      request,
      identity,
      close: async () => {
        stop.abort();
        await running;
        await socket.close();
      },
    };
  }

  #inTurn(path: string, work: () => Promise<void>): Promise<void> {
    const before = this.#queues.get(path) ?? Promise.resolve();
    const result = before.then(work);
    const settled = result
      .catch(() => undefined)
      .then(() => {
        if (this.#queues.get(path) === settled) this.#queues.delete(path);
      });
    this.#queues.set(path, settled);
    return result;
  }
}

function isSamePod(a: PodReference, b: PodReference): boolean {
  return (
    a.namespace === b.namespace &&
    a.service_account === b.service_account &&
    a.pod_name === b.pod_name &&
    a.pod_uid === b.pod_uid
  );
}
