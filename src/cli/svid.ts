import { Command, Option } from 'commander';
import { FeaturesealError } from '../error.ts';
import { WorkloadApiClient } from '../spiffe/workload-api/client.ts';
import type { X509Context } from '../spiffe/workload-api/context.ts';
import { workloadApiAddress } from '../spiffe/workload-api/endpoint.ts';
import { pickSvid } from '../spiffe/workload-api/pick.ts';
import type { CliContext } from './context.ts';
import { printJson, renderTable } from './output.ts';
import { pemBlocks } from '../spiffe/pem.ts';
import { runReload } from './reload.ts';
import { report } from './report.ts';
import { writeSvidFolder } from './svid-folder.ts';

interface Options {
  readonly watch?: true;
  readonly socket?: string;
  readonly output: 'table' | 'json';
  readonly write?: string;
  readonly reload?: string;
  readonly id?: string;
  readonly hint?: string;
}

/** What is done with a state of the Workload API. */
type Deliver = (state: X509Context) => Promise<void>;

export function svidCommand(context: CliContext): Command {
  return new Command('svid')
    .description('Shows the X.509-SVIDs and trust bundles that the Workload API gives, never a key.')
    .option('--socket <address>', 'Workload API, unix:///path (default: SPIFFE_ENDPOINT_SOCKET)')
    .option('--watch', 'go on and tell every change, until stopped')
    .addOption(
      new Option('-o, --output <format>', 'form of the output').choices(['table', 'json']).default('table'),
    )
    .option(
      '--write <folder>',
      'write svid.pem, svid-key.pem and each bundle into this folder, for what cannot ask for itself',
    )
    .option('--reload <command>', 'after each --write, run this in a shell')
    .option('--id <spiffe-id>', 'the SVID to write, where there are several')
    .option('--hint <hint>', 'the same by its hint')
    .action((options: Options) => runSvid(options, context));
}

async function runSvid(options: Options, context: CliContext): Promise<void> {
  const { socket, write, reload } = options;
  if (reload !== undefined && write === undefined) {
    throw new FeaturesealError({
      code: 'usage',
      message: '--reload needs --write: without it, nothing changes',
    });
  }
  const client = new WorkloadApiClient({
    address: workloadApiAddress({ configured: socket, env: context.env }),
    crypto: context.crypto,
    clock: context.clock,
    extractableKeys: write !== undefined,
  });
  const deliver = write === undefined ? show(options, context) : writeTo(write, options, context);
  if (options.watch === true) return follow(client, deliver, context);
  await deliver(await client.fetchX509Context(context.signal));
}

/** Delivers every state until stopped; where several come while one is delivered, the newest. */
async function follow(client: WorkloadApiClient, deliver: Deliver, context: CliContext): Promise<void> {
  let newest: X509Context | undefined;
  let delivering = Promise.resolve();
  const deliverNewest = async () => {
    const state = newest;
    newest = undefined;
    if (state !== undefined) await deliver(state);
  };
  const take = (state: X509Context) => {
    newest = state;
    delivering = delivering.then(deliverNewest).catch((error: unknown) => report(error, context));
  };
  await client.watchX509Context(take, context.signal, (error) => report(error, context));
  await delivering;
}

function show({ output, watch }: Options, context: CliContext): Deliver {
  return async (state) => {
    if (output === 'table') context.out(table(state, context));
    // While following, each state is one line.
    else if (watch === true) context.out(`${JSON.stringify(published(state))}\n`);
    else printJson(context, published(state));
  };
}

function writeTo(folder: string, { reload, id, hint }: Options, context: CliContext): Deliver {
  return async ({ svids, bundles }) => {
    if (svids.length === 0) {
      return context.err(`featureseal: the identity was taken back; ${folder} keeps the last one\n`);
    }
    const svid = pickSvid(svids, { spiffeId: id, hint });
    await writeSvidFolder(folder, { svid, bundles }, context.crypto);
    context.err(
      `featureseal: wrote ${svid.spiffeId} to ${folder}, valid until ${svid.notAfter.toISOString()}\n`,
    );
    if (reload !== undefined) await runReload(reload, folder, context);
  };
}

/** The state without keys. */
function published({ svids, bundles }: X509Context): object {
  return {
    svids: svids.map(({ spiffeId, chain, notAfter, hint }) => ({
      spiffeId,
      chain: chain.map((der) => pemBlocks('CERTIFICATE', [der])),
      notAfter: notAfter.toISOString(),
      hint,
    })),
    bundles: Object.fromEntries(
      [...bundles].map(([name, roots]) => [name, roots.map((der) => pemBlocks('CERTIFICATE', [der]))]),
    ),
  };
}

function table({ svids, bundles }: X509Context, { colour }: CliContext): string {
  const identities = svids.map(({ spiffeId, notAfter, hint }) => [spiffeId, notAfter.toISOString(), hint]);
  const domains = [...bundles].map(([name, roots]) => [name, String(roots.length)]);
  return [
    renderTable(identities, { header: ['SPIFFE ID', 'NOT AFTER', 'HINT'], colour }),
    renderTable(domains, { header: ['TRUST DOMAIN', 'ROOTS'], colour }),
  ].join('\n');
}
