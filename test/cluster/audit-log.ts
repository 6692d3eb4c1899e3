import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';

/** One write that the API server has answered. */
export interface Write {
  readonly user: string;
  readonly verb: string;
  /** Plural, `nodes` for example. */
  readonly resource: string;
  readonly name: string;
  /** HTTP status. */
  readonly code: number;
}

interface AuditEvent {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: { readonly resource?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
}

const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'Metadata',
      verbs: ['create', 'update', 'patch', 'delete'],
      resources: [{ group: '', resources: ['nodes', 'configmaps'] }, { group: 'nfd.k8s-sigs.io' }],
    },
    { level: 'None' },
  ],
};

/** What the API server itself notes of every write: who wrote, also where nothing changed by it. */
export class AuditLog {
  /** For kube-apiserver. */
  readonly flags: readonly string[];
  readonly #file: string;
  #fences = 0;

  private constructor(file: string, policyFile: string) {
    this.#file = file;
    this.flags = [
      `--audit-policy-file=${policyFile}`,
      `--audit-log-path=${file}`,
      '--audit-log-mode=blocking',
    ];
  }

  static async create(folder: string): Promise<AuditLog> {
    const policyFile = join(folder, 'audit-policy.json');
    await writeFile(policyFile, JSON.stringify(policy));
    return new AuditLog(join(folder, 'audit.log'), policyFile);
  }

  /** Every write so far, in order. */
  async writes(admin: ApiClient): Promise<readonly Write[]> {
    // A line may come after the answer to its request, but all come in order: once ours stands there, so do the others.
    const name = `fence-${++this.#fences}`;
    await admin.create('/api/v1/namespaces/default/configmaps', { metadata: { name } });
    for (;;) {
      const writes = await this.#read();
      const own = writes.findIndex((write) => write.resource === 'configmaps' && write.name === name);
      if (own >= 0) return writes.slice(0, own).filter(({ resource }) => resource !== 'configmaps');
      await setTimeout(20);
    }
  }

  async #read(): Promise<readonly Write[]> {
    const lines = (await readFile(this.#file, 'utf8')).split('\n');
    // What stands behind the last newline is not complete yet.
    return lines.slice(0, -1).map((line) => writeOf(JSON.parse(line) as AuditEvent));
  }
}

function writeOf({ user, verb, objectRef = {}, responseStatus = {} }: AuditEvent): Write {
  const { resource = '', name = '' } = objectRef;
  return { user: user.username, verb, resource, name, code: responseStatus.code ?? 0 };
}
