import { constants } from 'node:fs';
import { chmod, mkdir, open, rm, rmdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Crypto } from '../../crypto.ts';
import { unusable } from '../unix-socket.ts';
import type { WorkloadState } from '../wire.ts';
import { WorkloadApiServer } from '../workload-api-server.ts';
import { socketName } from './driver.ts';

/** A folder itself, never what a link in its place points to. */
const folderOnly = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** The pod may run as any user. Nobody else comes here: kubelet's folder of the pod is root's. */
const modes = { folder: 0o755, socket: 0o666 };

/**
 * The Workload API of one pod, in the folder that kubelet will show to it: no mount, so no privilege. The path is
 * longer than the 108 bytes of a socket's address (unix(7)), hence the way through /proc/self/fd.
 */
export class PodSocket {
  readonly #server: WorkloadApiServer;
  readonly #folder: FileHandle;

  private constructor(server: WorkloadApiServer, folder: FileHandle) {
    this.#server = server;
    this.#folder = folder;
  }

  /** Makes the folder where it is missing, and takes the place of a socket that nobody serves any more. */
  static async open(targetPath: string, state: WorkloadState, crypto: Crypto): Promise<PodSocket> {
    const folder = await openFolder(targetPath);
    try {
      await folder.chmod(modes.folder);
      const socketPath = join('/proc/self/fd', String(folder.fd), socketName);
      const server = await WorkloadApiServer.start({ socketPath, state, crypto });
      await chmod(socketPath, modes.socket);
      return new PodSocket(server, folder);
    } catch (thrown) {
      await folder.close();
      throw thrown;
    }
  }

  publish(state: WorkloadState): void {
    this.#server.publish(state);
  }

  /** Ends every stream and takes the socket away; the folder stays. */
  async close(): Promise<void> {
    // In this order: the server takes its file away by a path that the descriptor is part of.
    await this.#server.close();
    await this.#folder.close();
  }
}

async function openFolder(targetPath: string): Promise<FileHandle> {
  try {
    await mkdir(targetPath, { mode: modes.folder }).catch((thrown: unknown) => {
      if (codeOf(thrown) !== 'EEXIST') throw thrown;
    });
    return await open(targetPath, folderOnly);
  } catch (cause) {
    throw unusable(`${targetPath} cannot be made a folder with a socket`, cause);
  }
}

/** Takes socket and folder away, as far as they are there. Nothing else in it is touched: then it stays, with an error. */
export async function removeTarget(targetPath: string): Promise<void> {
  try {
    await rm(join(targetPath, socketName), { force: true });
    await rmdir(targetPath);
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw unusable(`${targetPath} cannot be removed`, cause);
  }
}

function codeOf(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
}
