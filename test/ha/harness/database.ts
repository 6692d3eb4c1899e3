import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pemBlocks } from '../../../src/spiffe/pem.ts';
import { createTestCa, toPem, toPkcs8 } from '../../support/certificates.ts';
import { Instance, type InstanceOptions } from './instance.ts';
import { Service } from './service.ts';
import { shippedDatabase, type ShippedDatabase } from './shipped.ts';

/** A primary and its synchronous standby behind the service that follows the primary, as overlay `ha` would have them. */
export interface Database {
  readonly shipped: ShippedDatabase;
  readonly primary: Instance;
  readonly standby: Instance;
  readonly service: Service;
  /** Of user spire. */
  readonly password: string;
  /** For a pod: where the service's name leads. */
  readonly hosts: Readonly<Record<string, string>>;
  /** With ca.crt, for a pod. */
  readonly caFolder: string;
  readonly close: () => Promise<void>;
}

/** @param host of the loopback network, for this test alone */
export async function startDatabase(host: string): Promise<Database> {
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of opened.splice(0).toReversed()) await each();
  };
  const keep = <T extends { close(): Promise<void> }>(started: T): T => {
    opened.push(() => started.close());
    return started;
  };
  try {
    const shipped = shippedDatabase();
    const files = await filesFor(shipped);
    const password = globalThis.crypto.randomUUID();
    const primary = keep(await Instance.start({ host, port: 15432 }, { files }));
    await primary.sql('CREATE ROLE streaming_replica REPLICATION LOGIN');
    await primary.sql(`CREATE ROLE spire LOGIN PASSWORD '${password}'`);
    await primary.sql('CREATE DATABASE spire OWNER spire');
    const standby = keep(await Instance.start({ host, port: 15433 }, { files, from: primary }));
    // From here on a commit waits for the standby. It stands in a file that only the primary has.
    await primary.sql(`ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (standby)'`);
    await primary.sql('SELECT pg_reload_conf()');
    const service = keep(await Service.start({ host, port: 5432 }, primary.endpoint));
    const caFolder = await mkdtemp(join(tmpdir(), 'fs-ca-'));
    opened.push(() => rm(caFolder, { recursive: true }));
    await writeFile(join(caFolder, 'ca.crt'), files['ca.crt']);
    const hosts = Object.fromEntries([...shipped.serviceNames, 'elsewhere'].map((name) => [name, host]));
    return { shipped, primary, standby, service, password, hosts, caFolder, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function filesFor({
  serviceNames,
  accessRules,
}: ShippedDatabase): Promise<InstanceOptions['files'] & { readonly 'ca.crt': string }> {
  const ca = await createTestCa({ trustDomain: 'database.test', names: [], subject: 'CN=spire-database' });
  const names = serviceNames.map((value) => ({ type: 'dns' as const, value }));
  const { chain, key } = await ca.issue({ names, subject: `CN=${serviceNames[0]}` });
  return {
    'server.crt': toPem(chain),
    'server.key': pemBlocks('PRIVATE KEY', [await toPkcs8(key)]),
    'ca.crt': toPem([ca.root]),
    // The operator's own rules come first, as it writes them; here the standby is let in by its address.
    'pg_hba.conf': [
      'local all all trust',
      'hostssl replication streaming_replica samehost trust',
      ...accessRules,
      '',
    ].join('\n'),
  };
}
